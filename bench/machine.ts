import { availableParallelism, cpus, totalmem } from "node:os";
import { tensorflow } from "@metalearn/runtime-tensorflow";

/** Number of threads that both sides compute with. */
export const threads = availableParallelism();

/** Description of the machine and our engine, in one line. */
export async function describeMachine(): Promise<string> {
  const runtime = await tensorflow();
  const { version } = runtime;
  runtime.dispose();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus()[0]?.model}, ${threads} threads, ${memory} GiB; TensorFlow ${version}, Node ${process.versions.node}`;
}

/** Date of today, as 2026-01-31. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
