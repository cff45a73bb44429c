// Writes the small generated tasks that the quickstart learns from.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { generateTasks } from "@metalearn/datasets-crossfit";

const directory = join(import.meta.dirname, "data");
await rm(directory, { recursive: true, force: true });
await generateTasks(directory, {
  trainingTasks: 256,
  heldOutTasks: 12,
  unseenTasks: 12,
  evaluationSeeds: [100, 13],
});
console.log(`Tasks are in ${directory} (generated, not real: see its README.md).`);
