import {
  type CompileMode,
  createObjective,
  type ObjectiveOptions,
  type Params,
} from "@metalearn/core";
import type { Transformer } from "@metalearn/language-models";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { engines, useEngine } from "./engines.js";
import { byFormula } from "./formulas.js";
import {
  committed,
  errorsAgainst,
  expectGolden,
  type Golden,
  type GoldenSource,
  readGolden,
  recommended,
  type StoredTensors,
  type ToleranceBlock,
} from "./golden.js";
import { batchOf, sequencesOf } from "./tiny.js";

interface Case {
  readonly inputs: {
    readonly input_ids: number[][];
    readonly attention_mask: number[][];
    readonly token_type_ids: number[][];
  };
  readonly expected: {
    readonly logits: { readonly tensor: string };
    readonly per_token_nll_unmasked: { readonly data: number[] };
    readonly loss: number;
    readonly grad: StoredTensors;
    readonly hvp: StoredTensors;
  };
  readonly tolerance: Record<"logits" | "nll" | "grad" | "hvp", ToleranceBlock> & {
    readonly loss: { readonly recommended_rel: number };
  };
}

/** What the file of a model holds. */
interface File {
  readonly cases: Record<"plain" | "right_padded" | "loss_everywhere", Case>;
}

/** A model with reference numbers of its losses and derivatives. */
export interface ForwardBackwardCase {
  readonly title: string;
  readonly source: GoldenSource;
  /** Below the source's folder. */
  readonly file: string;
  readonly model: Transformer;
  /** In the order that closed formulas over parameters are numbered by. */
  openParams(): Promise<Params>;
  /** Whether compiled derivatives are compared as well, which takes minutes. @default true */
  readonly isCompiled?: boolean;
}

/** Compares logits, losses, gradients and Hessian-vector products with PyTorch's, on every engine. */
export function testForwardBackward({
  title,
  source,
  file,
  model,
  openParams,
  isCompiled: wantsCompiled = true,
}: ForwardBackwardCase): void {
  describe.each(engines)(`${title} on $name equals PyTorch (${source.name})`, (engine) => {
    const { name: engineName, start, missing: noEngine } = engine;
    if (noEngine) return test.skip(noEngine);

    const runtime = useEngine({ start });
    // Compiling takes long, and one set of numbers shows what it does.
    const isCompiled = wantsCompiled && engineName === "tensorflow" && source === committed;
    const executions = ["plain", ...(isCompiled ? (["graph", "xla"] as const) : [])] as const;
    const compiledAs = (mode: "plain" | CompileMode): ObjectiveOptions =>
      mode === "plain"
        ? {}
        : { runtime: { compile: (fn, options) => runtime().compile(fn, { ...options, mode }) } };

    let golden: Golden<File>;
    beforeAll(async () => {
      golden = await readGolden(source, file);
    });

    const load = async (name: keyof File["cases"]) => {
      const params = await openParams();
      const { inputs, expected, tolerance } = golden.json.cases[name];
      const stored = {
        ids: inputs.input_ids,
        mask: inputs.attention_mask,
        tt: inputs.token_type_ids,
      };
      return { params, stored, batch: batchOf(stored), expected, tolerance };
    };

    const vectorFor = (params: Params): Params =>
      byFormula(params, (i, j) => 1.4 * Math.cos(0.9 * i + 1.3 * j + 0.2));

    describe.each(["plain", "right_padded", "loss_everywhere"] as const)("%s", (name) => {
      test("logits at every real position", async () => {
        const { params, stored, expected, tolerance } = await load(name);
        const ids = tf.tensor2d(stored.ids, undefined, "int32");
        const logits = model.logits(params, ids).dataSync();
        const reference = golden.expected({ storage: "full", prefix: expected.logits.tensor });
        const [wanted] = Object.values(reference);
        const width = Number(wanted?.length) / stored.mask.flat().length;
        let largest = 0;
        let scale = 0;
        stored.mask.flat().forEach((real, position) => {
          if (!real) return;
          for (let i = position * width; i < (position + 1) * width; i++) {
            largest = Math.max(largest, Math.abs(Number(logits[i]) - Number(wanted?.[i])));
            scale = Math.max(scale, Math.abs(Number(wanted?.[i])));
          }
        });
        expect(largest / scale).toBeLessThanOrEqual(recommended(tolerance.logits).rel_max);
      });

      test("the loss of each scored token and the mean", async () => {
        const { params, stored, batch, expected, tolerance } = await load(name);
        const losses = model.tokenLosses(params, batch).dataSync();
        const time = (stored.ids[0]?.length ?? 0) - 1; // a token's loss is stored at its predictor
        const wanted = sequencesOf(stored).flatMap(({ ids, scoredFrom }, row) =>
          expected.per_token_nll_unmasked.data.slice(
            row * time + Math.max(scoredFrom, 1) - 1,
            row * time + ids.length - 1,
          ),
        );
        expect(losses).toHaveLength(wanted.length);
        wanted.forEach((nll, i) => {
          expect(Math.abs(Number(losses[i]) / nll - 1)).toBeLessThanOrEqual(
            10 * recommended(tolerance.nll).rel_max,
          );
        });
        const [loss] = model.loss(params, batch).dataSync();
        expect(Math.abs(Number(loss) / expected.loss - 1)).toBeLessThanOrEqual(
          tolerance.loss.recommended_rel,
        );
      });

      test.each(executions)("every gradient (%s)", async (mode) => {
        const { params, batch, expected, tolerance } = await load(name);
        const objective = createObjective(model, compiledAs(mode));
        const { gradients } = objective.gradient(params, batch);
        expectGolden(golden, expected.grad, gradients, recommended(tolerance.grad));
      });

      describe("the Hessian-vector product", () => {
        test.each(executions)("taken exactly (%s)", async (mode) => {
          const { params, batch, expected, tolerance } = await load(name);
          const objective = createObjective(model, compiledAs(mode));
          const hvp = objective.hvp(params, batch, vectorFor(params));
          expectGolden(golden, expected.hvp, hvp, recommended(tolerance.hvp));
        });

        test("taken by finite differences, to three digits", async () => {
          const { params, batch, expected } = await load(name);
          const objective = createObjective(model, { hvp: "finite-difference" });
          const hvp = objective.hvp(params, batch, vectorFor(params));
          expect(errorsAgainst(golden, expected.hvp, hvp).relL2).toBeLessThan(1e-3);
        });
      });
    });

    // Two sequences each, with unequal numbers of scored tokens.
    describe.each([
      ["plain", "one sequence at a time", { microBatch: 1 }],
      ["right_padded", "one sequence at a time", { microBatch: 1 }],
      ["right_padded", "segment by segment", { gradientCheckpointing: true }],
    ] as const)("%s, %s", (name, _, inParts) => {
      test.each(executions)("the loss and every gradient (%s)", async (mode) => {
        const { params, batch, expected, tolerance } = await load(name);
        const objective = createObjective(model, { ...compiledAs(mode), ...inParts });
        const { loss, gradients } = objective.gradient(params, batch);
        for (const value of [loss, objective.loss(params, batch)]) {
          expect(Math.abs(Number(value.dataSync()[0]) / expected.loss - 1)).toBeLessThanOrEqual(
            tolerance.loss.recommended_rel,
          );
        }
        expectGolden(golden, expected.grad, gradients, recommended(tolerance.grad));
      });

      test.each(executions)("the Hessian-vector product (%s)", async (mode) => {
        const { params, batch, expected, tolerance } = await load(name);
        const objective = createObjective(model, { ...compiledAs(mode), ...inParts });
        const hvp = objective.hvp(params, batch, vectorFor(params));
        expectGolden(golden, expected.hvp, hvp, recommended(tolerance.hvp));
      });
    });
  });
}
