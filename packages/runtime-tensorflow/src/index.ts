export { auto } from "./auto.js";
export { diagnose } from "./doctor/diagnose.js";
export { cpu } from "./javascript/cpu.js";
export { wasm } from "./javascript/wasm.js";
export { default } from "./plugin.js";
export { type SetupOptions, setup } from "./setup/setup.js";
export type { Device } from "./tensorflow/device.js";
export { tensorflowProblem } from "./tensorflow/load.js";
export { type TensorFlowOptions, tensorflow } from "./tensorflow/runtime.js";
