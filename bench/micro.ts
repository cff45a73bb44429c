// Measures what a call costs besides its arithmetic, and what compiling costs. Writes bench/MICRO.md.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine, today } from "./machine.js";
import { callTable } from "./micro/calls.js";
import { compileTable } from "./micro/compiling.js";
import { sizeNamed } from "./sizes.js";

const { values } = parseArgs({
  options: {
    /** The model whose gradient is compiled, to try this out; the page is then shown but not kept. */
    size: { type: "string" },
  },
});
const page = `# Overhead

Written by \`npm run bench:micro\`; [how to read it](../docs/performance.md).

${await describeMachine()}. ${today()}.

${await callTable()}
${await compileTable(sizeNamed(values.size ?? "gpt2"))}`;
console.log(page);
if (!values.size) await writeFile(join(import.meta.dirname, "MICRO.md"), page);
