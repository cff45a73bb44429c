import type { RunEvent } from "@metalearn/core/runs";

/** Shows that a function is being compiled, and how long it took. */
export interface CompilationLine {
  /** Begins a line before a compilation, and ends it with the duration. */
  show(event: Extract<RunEvent, { kind: "compile" }>): void;
  /** Ends the line of a compilation that failed. */
  end(): void;
}

/** Prints an unfinished line while a function is compiled, because nothing else can be drawn at that time. */
export function compilationLine(stream: NodeJS.WritableStream): CompilationLine {
  let isOpen = false;
  return {
    show({ name, mode, shapes, seconds }) {
      isOpen = seconds === undefined;
      const begun = `  compiling ${name} (${mode}, shape ${shapes}) ... `;
      stream.write(seconds === undefined ? begun : `${seconds.toFixed(1)} s\n`);
    },
    end() {
      if (isOpen) stream.write("\n");
      isOpen = false;
    },
  };
}
