import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { officialToolkit } from "./support/officialToolkit.js";

/** Calls of some factories, whose options are hovered over. */
const text = `
import { maml } from "@metalearn/algorithms-maml";
import { crossfit } from "@metalearn/datasets-crossfit";
import { sgd } from "@metalearn/optimizers";
import { tensorflow } from "@metalearn/runtime-tensorflow";
declare const tokenizer: import("@metalearn/core").Tokenizer;
maml({ innerOptimizer: sgd({ learningRate: 1, momentum: 0.5 }), innerSteps: 3, multiStepLoss: { annealUpdates: 4 } });
crossfit({ root: "", setting: "", tokenizer, temperature: 2 });
tensorflow({ threads: 1, compile: { precision: "float32" } });
`;

// As an editor sees the packages where they are installed: as they are built.
const name = join(import.meta.dirname, "hovered.ts");
const options = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  skipLibCheck: true,
} satisfies ts.CompilerOptions;
const service = ts.createLanguageService({
  getCompilationSettings: () => options,
  getScriptFileNames: () => [name],
  getScriptVersion: () => "1",
  getScriptSnapshot(file) {
    const content = file === name ? text : ts.sys.readFile(file);
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
  },
  getCurrentDirectory: () => import.meta.dirname,
  getDefaultLibFileName: (own) => ts.getDefaultLibFilePath(own),
  fileExists: (file) => file === name || ts.sys.fileExists(file),
  readFile: ts.sys.readFile,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
  realpath: ts.sys.realpath,
});

const hover = (option: string) => {
  const at = text.indexOf(`${option}: `);
  const { documentation = [], tags = [] } = service.getQuickInfoAtPosition(name, at) ?? {};
  return {
    says: ts.displayPartsToString(documentation),
    default: tags.flatMap((tag) => (tag.name === "default" ? (tag.text ?? []) : []))[0]?.text,
  };
};

test("the calls compile against the built packages", () => {
  const problems = service.getSemanticDiagnostics(name);
  expect(problems.map(({ messageText }) => messageText)).toEqual([]);
});

test.each([
  ["learner", "maml", "innerOptimizer", undefined],
  ["learner", "maml", "innerSteps", "1"],
  ["learner", "maml", "multiStepLoss", undefined],
  ["optimizer", "sgd", "learningRate", undefined],
  ["optimizer", "sgd", "momentum", "0"],
  ["tasks", "crossfit", "temperature", "2"],
  ["runtime", "tensorflow", "threads", undefined],
] as const)(
  "an editor says of the %s %s what its schema says of %s",
  (kind, use, option, value) => {
    const { shape } = officialToolkit.options(kind, use);
    const schema = shape[option] as { description?: string; unwrap?(): { description?: string } };
    const description = schema.description ?? schema.unwrap?.().description;
    expect(description).toMatch(/\w/);
    expect(hover(option)).toEqual({ says: description, default: value });
  },
);

test("so it does of options within options", () => {
  expect(hover("annealUpdates").says).toMatch(/^Meta-updates over which the weight moves/);
  expect(hover("precision").says).toMatch(/^`bfloat16` rounds the operands/);
});
