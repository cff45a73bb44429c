import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Moves a finished folder into its place atomically: other processes see all of it or nothing.
 *
 * @param place.isGood returns true if the folder that another setup has put there meanwhile is to stay
 * @param place.workDirectory folder to which a replaced folder is moved
 */
export async function publish(
  finished: string,
  place: { directory: string; workDirectory: string; isGood(): boolean },
): Promise<void> {
  const { directory, workDirectory, isGood } = place;
  await mkdir(dirname(directory), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      return await rename(finished, directory);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== "ENOTEMPTY" && code !== "EEXIST") || attempt > 9) throw error;
    }
    if (isGood()) return;
    await rename(directory, join(workDirectory, `replaced-${attempt}`)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error; // another setup was quicker to move it
      },
    );
  }
}
