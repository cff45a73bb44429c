import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Moves a finished folder into its place in one step: others see all of it or nothing.
 *
 * @param place.isGood whether what another setup may have put there meanwhile is to stay
 * @param place.workDirectory takes what has to make room
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
