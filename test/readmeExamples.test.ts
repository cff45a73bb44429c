import { join } from "node:path";
import ts from "typescript";
import { beforeAll, expect, test } from "vitest";
import { type Block, blocksIn } from "./support/documents.js";

const root = join(import.meta.dirname, "..");

const blocks = blocksIn("ts");

const wrong: Block = {
  file: "wrong.md",
  line: 3,
  code: 'import { scalarFrom, randomFor } from "@metalearn/core";\nrandomFor(1).integer("2");\n',
};

/** Finds what does not compile, as `file:line message`, with the sources of the workspace. */
function compiler(checked: readonly Block[]): (block: Block) => string[] {
  const config = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const pathOf = ({ file, line }: Block) => join(root, `${file.replaceAll("/", "-")}-${line}.ts`);
  // Blank lines before the code, so that an error's line is that of the document.
  const texts = new Map(
    checked.map((block) => [pathOf(block), "\n".repeat(block.line - 1) + block.code]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  const program = ts.createProgram([...texts.keys()], options, host);

  return (block) => {
    const source = program.getSourceFile(pathOf(block));
    const found = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return found.map(({ start = 0, messageText }) => {
      const { line = 0 } = source?.getLineAndCharacterOfPosition(start) ?? {};
      return `${block.file}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
  };
}

let problemsOf: ReturnType<typeof compiler>;
beforeAll(() => {
  problemsOf = compiler([...blocks, wrong]);
});

test.each(blocks)("$file, line $line, compiles", (block) => {
  expect(problemsOf(block)).toEqual([]);
});

test("a block that does not compile is found, with its line", () => {
  expect(problemsOf(wrong)).toEqual([
    expect.stringMatching(/^wrong\.md:3 .*no exported member 'scalarFrom'/),
    expect.stringMatching(/^wrong\.md:4 Argument of type 'string' is not assignable/),
  ]);
});
