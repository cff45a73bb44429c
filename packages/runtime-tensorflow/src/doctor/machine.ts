import { existsSync, readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { dirname } from "node:path";
import { cacheDirectory, type Finding } from "@metalearn/core";
import { gibibytes } from "./gibibytes.js";

/** Findings about Node.js, processor, memory and disk. */
export async function machineFindings(): Promise<Finding[]> {
  return [nodeFinding(), processorFinding(), memoryFinding(), await diskFinding()];
}

/** Oldest supported Node.js, as in `engines` of package.json. */
const oldestNode = [20, 19] as const;

function nodeFinding(): Finding {
  const topic = "Node.js";
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const message = `${process.version} on ${process.platform}-${process.arch}`;
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) {
    return { topic, status: "ok", message };
  }
  const needed = `${oldestNode.join(".")} or newer`;
  return {
    topic,
    status: "warning",
    message: `${message}, but metalearn needs ${needed}`,
    fix: `install Node.js ${needed}`,
  };
}

/** Instructions with which TensorFlow's matrix kernels are faster, as Linux calls them. */
const usefulFeatures = ["avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16"];

function processorFinding(): Finding {
  const topic = "Processor";
  const model = cpus()[0]?.model.trim() || "unknown model";
  const message = `${model}, ${availableParallelism()} cores`;
  const features = processorFeatures();
  if (!features) return { topic, status: "ok", message };
  const present = usefulFeatures.filter((feature) => features.has(feature));
  if (present.includes("avx2") && present.includes("fma")) {
    return { topic, status: "ok", message: `${message}, ${present.join(" ")}` };
  }
  const has = present.join(" ") || "none of the vector instructions";
  return { topic, status: "warning", message: `${message}, only ${has}: expect slow matrices` };
}

/** The flags in /proc/cpuinfo, which only x86 Linux has. */
function processorFeatures(): ReadonlySet<string> | undefined {
  if (process.arch !== "x64" || !existsSync("/proc/cpuinfo")) return undefined;
  const flags = /^flags\s*: (.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
  return flags === undefined ? undefined : new Set(flags.split(" "));
}

function memoryFinding(): Finding {
  // A container may have less than the machine.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const total = Math.min(totalmem(), limit);
  const free = Math.min(availableMemory(), total);
  return {
    topic: "Memory",
    status: "ok",
    message: `${gibibytes(free)} of ${gibibytes(total)} available`,
  };
}

/** Free memory, with memory that the system can reclaim; Node.js 20 does not provide it. */
function availableMemory(): number {
  if (!existsSync("/proc/meminfo")) return freemem();
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
}

async function diskFinding(): Promise<Finding> {
  let directory = cacheDirectory();
  const message = `${directory} holds what the setup provides`;
  while (!existsSync(directory)) directory = dirname(directory); // it may not exist yet
  const { bavail, bsize } = await statfs(directory);
  return {
    topic: "Cache",
    status: "ok",
    message: `${message}, ${gibibytes(bavail * bsize)} free there`,
  };
}
