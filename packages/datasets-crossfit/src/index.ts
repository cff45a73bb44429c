export { type AddedTask, type AddTaskOptions, addTask } from "./add/addTask.js";
export { crossfit } from "./crossfit.js";
export {
  type DownloadedTasks,
  type DownloadTasksOptions,
  downloadTasks,
} from "./download/downloadTasks.js";
export { type GenerateTasksOptions, generateTasks } from "./generate/generateTasks.js";
export type { CrossfitOptions, PromptFormat } from "./options.js";
export { default } from "./plugin.js";
export { type PromptParts, promptParts } from "./prompt/format.js";
