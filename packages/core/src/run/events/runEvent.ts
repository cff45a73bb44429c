import type { CompileMode } from "../../contracts/runtime.js";

/** An event of a run in progress. */
export type RunEvent =
  | {
      /** A one-line message to the user. */
      readonly kind: "message";
      readonly text: string;
    }
  | {
      /** The components are built. */
      readonly kind: "open";
      /** For example `tensorflow 2.21.0 on cpu`. */
      readonly engine: string;
      /** For example `crossfit/hr_to_lr: 41 training tasks, 26 targets`. */
      readonly tasks: string;
    }
  | {
      /** Compilation of a function starts; a second event, with `seconds`, follows when it has ended. */
      readonly kind: "compile";
      readonly name: string;
      readonly mode: CompileMode;
      /** See `Compilation.shapes`. */
      readonly shapes: number;
      /** Duration of tracing and the first run. */
      readonly seconds?: number;
    }
  | {
      /** A meta-update was made. */
      readonly kind: "train";
      /** Meta-updates so far. */
      readonly done: number;
      readonly total: number;
      /** This and the following are those of `MetaUpdate`. */
      readonly loss: number;
      readonly gradientNorm: number;
      readonly learningRate: number;
      readonly tokens: number;
      readonly seconds: number;
    }
  | {
      /** The parameters were scored on dev tasks. */
      readonly kind: "validated";
      readonly update: number;
      /** Mean over the dev tasks. */
      readonly score: number;
      readonly isBest: boolean;
    }
  | {
      /** A checkpoint was written. */
      readonly kind: "checkpoint";
      readonly update: number;
      readonly directory: string;
    }
  | {
      /** A target (`evaluate`) or dev target (`validate`) was scored with one seed. */
      readonly kind: "evaluate" | "validate";
      readonly done: number;
      readonly total: number;
      readonly task: string;
    };
