/** Name in TensorFlow.js of the backend that executes operations. */
export const eagerBackendName = "tensorflow";

/** Name in TensorFlow.js of the backend that records operations for a compiled function. */
export const graphBackendName = "tensorflow-graph";
