export { type AutoOptions, auto } from "./auto.js";
export { diagnose } from "./doctor/diagnose.js";
export { cpu } from "./javascript/cpu.js";
export { wasm } from "./javascript/wasm.js";
export { default } from "./plugin.js";
export { type SetupOptions, setup } from "./setup/setup.js";
export type { Device } from "./tensorflow/device.js";
export { tensorflow } from "./tensorflow/runtime.js";
export type { TensorFlowOptions } from "./tensorflow/tensorflowOptions.js";
