// Writes six small generated tasks to ask a pretrained model about.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { generateTasks } from "@metalearn/datasets-crossfit";

/** @returns {Promise<string>} the folder of the tasks */
export async function makeTasks() {
  const folder = join(import.meta.dirname, "data");
  await rm(folder, { recursive: true, force: true });
  await generateTasks(folder, {
    ...{ trainingTasks: 1, heldOutTasks: 3, unseenTasks: 3 },
    ...{ shots: 16, testRows: 20, evaluationSeeds: [100] },
  });
  return folder;
}
