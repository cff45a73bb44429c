import type { Finding } from "@metalearn/core";
import { findCompiler, installCompiler } from "../setup/compiler.js";
import { pythonState } from "../setup/python.js";

/**
 * Findings about the tools that `metalearn setup` uses.
 *
 * @param areNeeded true if there is still something to set up
 */
export async function toolFindings({ areNeeded }: { areNeeded: boolean }): Promise<Finding[]> {
  const absent = areNeeded ? "missing" : "info";
  const remark = areNeeded ? "" : "; needed only for the next setup";

  const python = await pythonState();
  const compiler = await findCompiler();
  return [
    "pip" in python
      ? { topic: "Python", status: "ok", message: python.pip }
      : { topic: "Python", status: absent, message: python.missing + remark, fix: python.fix },
    compiler
      ? { topic: "C++ compiler", status: "ok", message: compiler.version }
      : {
          topic: "C++ compiler",
          status: absent,
          message: `${process.env.CXX ? `CXX="${process.env.CXX}" does not run` : "c++, g++ and clang++ do not run"}${remark}`,
          fix: process.env.CXX ? "unset CXX" : installCompiler,
        },
  ];
}
