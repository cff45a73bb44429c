/** Under this name TensorFlow.js knows the backend that executes operations. */
export const eagerBackendName = "tensorflow";

/** Under this one it knows the backend that records them for a compiled function. */
export const graphBackendName = "tensorflow-graph";
