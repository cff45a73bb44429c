// Run in a process of its own, because a broken library can end the process that loads it:
//   node probe.cjs <engine.node> <base64 of a ConfigProto> [shared libraries...]
// Loads the addon, computes a product whose result is known, and prints one line of JSON:
//   { version, devices: [{ name, type, memoryBytes }], product: [number], productDevice,
//     driver: { version, devices: [...] } | { problem }, libraryProblems: { path: reason } }
const [engine, config, ...libraries] = process.argv.slice(2);
const binding = require(engine);

// Before TensorFlow looks for them; see src/tensorflow/openCudaLibraries.ts.
const libraryProblems = {};
for (const path of libraries) {
  const problem = binding.libraryProblem(path);
  if (problem) libraryProblems[path] = problem;
}

const devices = binding.openEngine(new Uint8Array(Buffer.from(config ?? "", "base64")));
const type = { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
const a = binding.createTensor([2, 2], binding.TF_FLOAT, Float32Array.of(1, 2, 3, 4));
const b = binding.createTensor([2, 2], binding.TF_FLOAT, Float32Array.of(5, 6, 7, 8));
const [c] = binding.executeOp("MatMul", [type], [a, b], 1);
const productDevice = binding.tensorDevice(c.id);
const product = Array.from(binding.tensorDataSync(c.id));
binding.closeEngine();

const answer = { devices, product, productDevice, driver: driverState(), libraryProblems };
process.stdout.write(`${JSON.stringify({ version: binding.TF_Version, ...answer })}\n`);

function driverState() {
  try {
    return binding.cudaDriver();
  } catch (error) {
    return { problem: error.message };
  }
}
