import type { Batch } from "../batch/batch.js";
import type { Linearization, Objective } from "../contracts/objective.js";
import type { Params } from "../params.js";

/** Makes a linearization that caches nothing. */
export function linearized<B extends Batch>(
  { gradient, hvp }: Pick<Objective<B>, "gradient" | "hvp">,
  params: Params,
  batch: B,
  names?: readonly string[],
): Linearization {
  return {
    ...gradient(params, batch, names),
    hvp: (vector) => hvp(params, batch, vector),
    dispose() {},
  };
}
