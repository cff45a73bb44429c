export { type DerivativeErrors, derivativeErrors, unitDirection } from "./finiteDifferences.js";
export { type ToyBatch, toyModel, toySampler } from "./toy.js";
