export { default } from "./plugin.js";
export { type SlurmOptions, slurm } from "./slurm.js";
