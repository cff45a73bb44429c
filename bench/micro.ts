// Measures the overhead of a call, and the time of compiling. Writes bench/MICRO.md.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine, today } from "./machine.js";
import { callTable } from "./micro/calls.js";
import { compileTable } from "./micro/compiling.js";
import { sizeNamed } from "./sizes.js";

const { values } = parseArgs({
  options: {
    /** Model whose gradient is compiled, for trials; the page is then printed but not written. */
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
