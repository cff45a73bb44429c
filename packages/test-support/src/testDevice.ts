/**
 * Options of the engine `tensorflow` in tests: the device that `METALEARN_TEST_DEVICE` names, with float32
 * products that round nothing, or rounded to TensorFloat-32 where `METALEARN_TEST_TF32` is 1. Where a
 * device that is named is not there, tests fail.
 */
export const testDevice: { readonly device?: "cpu" | `cuda:${number}`; readonly tf32?: boolean } = {
  ...(process.env.METALEARN_TEST_DEVICE && {
    device: process.env.METALEARN_TEST_DEVICE as `cuda:${number}`,
  }),
  ...(process.env.METALEARN_TEST_TF32 === "1" && { tf32: true }),
};
