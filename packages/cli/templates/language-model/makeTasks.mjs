// Small generated tasks for metalearn.config.yaml, in the folder data.
import { existsSync } from "node:fs";
import { generateTasks } from "@metalearn/datasets-crossfit";

if (!existsSync("data")) await generateTasks("data", { evaluationSeeds: [100] });
