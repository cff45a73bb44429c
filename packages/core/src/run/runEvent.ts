import type { CompileMode } from "../contracts/runtime.js";

/** Something that happens while a run goes on. */
export type RunEvent =
  | {
      /** Something to tell the user in one line. */
      readonly kind: "message";
      readonly text: string;
    }
  | {
      readonly kind: "open";
      /** For example `tensorflow 2.21.0 on cpu`. */
      readonly engine: string;
      /** For example `crossfit/hr_to_lr: 41 training tasks, 26 targets`. */
      readonly tasks: string;
    }
  | {
      /** A function is about to be compiled, and then, with `seconds`, it was: nothing comes between. */
      readonly kind: "compile";
      readonly name: string;
      readonly mode: CompileMode;
      /** `Compilation.shapes` */
      readonly shapes: number;
      /** How long recording and the first run took. */
      readonly seconds?: number;
    }
  | {
      /** A meta-update was made. */
      readonly kind: "train";
      /** Meta-updates so far. */
      readonly done: number;
      readonly total: number;
      /** As `MetaUpdate` has them. */
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
      /** A target task, or while a run trains a dev task, was scored with one seed. */
      readonly kind: "evaluate" | "validate";
      readonly done: number;
      readonly total: number;
      readonly task: string;
    };
