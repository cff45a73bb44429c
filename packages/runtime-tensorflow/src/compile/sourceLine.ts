import { dirname, join } from "node:path";

/** This package's `src` or `dist`, and the kernels beside it. */
const ownDirectories = [
  dirname(import.meta.dirname),
  join(import.meta.dirname, "..", "..", "kernels"),
];

/** Location of the current TensorFlow.js call in the user's code, for messages: ` at model.ts:12:3`. */
export function userLine(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = limit;
  const line = frames.find(
    (frame) =>
      !/@tensorflow[/\\]|node:|<anonymous>/.test(frame) &&
      !ownDirectories.some((directory) => frame.includes(directory)),
  );
  const place = line && /\(?([^\s()]+:\d+:\d+)\)?$/.exec(line)?.[1];
  return place ? ` at ${place}` : "";
}
