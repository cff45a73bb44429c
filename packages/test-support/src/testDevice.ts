/**
 * Options of the engine `tensorflow` in tests: the device in `METALEARN_TEST_DEVICE`, with exact float32
 * products, or with TensorFloat-32 if `METALEARN_TEST_TF32` is 1. Tests fail where the named device does not
 * exist.
 */
export const testDevice: { readonly device?: "cpu" | `cuda:${number}`; readonly tf32?: boolean } = {
  ...(process.env.METALEARN_TEST_DEVICE && {
    device: process.env.METALEARN_TEST_DEVICE as `cuda:${number}`,
  }),
  ...(process.env.METALEARN_TEST_TF32 === "1" && { tf32: true }),
};
