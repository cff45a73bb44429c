import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TrackedRun } from "@metalearn/core";
import { writeTextAtomically } from "@metalearn/core/files";
import { type MlflowClient, MlflowError } from "./client.js";
import { paramsOf } from "./paramsOf.js";

/** A run on the server. */
export interface ServerRun {
  readonly id: string;
  /** Last step of each metric on the server, and its value there. */
  readonly known: ReadonlyMap<string, { readonly step: number; readonly value: number }>;
}

interface RunAnswer {
  readonly run: {
    readonly info: { readonly run_id: string; readonly lifecycle_stage: string };
    readonly data: {
      readonly metrics?: readonly { key: string; value: number; step: number | string }[];
    };
  };
}

/** Content of `mlflow.json` in the run's directory. */
interface Link {
  readonly url: string;
  readonly runId: string;
  /** Hash that identifies this run: a directory without results may be reused by another one. */
  readonly config: string;
}

/** Finds the server's run for a run's directory: its earlier one, or a new one. */
export async function openServerRun(
  client: MlflowClient,
  { url, experiment }: { url: string; experiment: string },
  run: TrackedRun,
): Promise<ServerRun> {
  const file = join(run.directory, "mlflow.json");
  const link = await readLink(file);
  const config = hashOf(run);
  const isSame = link?.url === url && link.config === config;
  const before = isSame ? await findRun(client, link.runId) : undefined;
  if (before) {
    const id = before.run.info.run_id;
    await client.post("runs/update", { run_id: id, status: "RUNNING" });
    const known = (before.run.data.metrics ?? []).map(
      ({ key, step, value }) => [key, { step: Number(step), value }] as const,
    );
    return { id, known: new Map(known) };
  }
  const { engine } = run;
  const { run: created } = await client.post<RunAnswer>("runs/create", {
    experiment_id: await experimentId(client, experiment),
    run_name: `${run.name}-seed${run.seed}`,
    start_time: Date.now(),
    tags: [
      { key: "mlflow.source.name", value: "metalearn" },
      { key: "directory", value: run.directory },
      { key: "engine", value: `${engine.name} ${engine.version}` },
      { key: "device", value: engine.device },
    ],
  });
  const id = created.info.run_id;
  await writeTextAtomically(file, `${JSON.stringify({ url, runId: id, config } satisfies Link)}\n`);
  for (const params of paramsOf(run.config)) {
    await client.post("runs/log-batch", { run_id: id, params });
  }
  return { id, known: new Map() };
}

/** Options of evaluation and tracking may change within a run. */
function hashOf({ config }: TrackedRun): string {
  const { evaluate: _evaluate, tracker: _tracker, ...own } = config;
  return createHash("sha256").update(JSON.stringify(own)).digest("hex");
}

async function readLink(file: string): Promise<Link | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Link;
  } catch {
    return undefined; // none yet
  }
}

/** Undefined when the run has been deleted since. */
async function findRun(client: MlflowClient, id: string): Promise<RunAnswer | undefined> {
  try {
    const found = await client.get<RunAnswer>("runs/get", { run_id: id });
    return found.run.info.lifecycle_stage === "active" ? found : undefined;
  } catch (error) {
    if (error instanceof MlflowError && error.reason === "RESOURCE_DOES_NOT_EXIST")
      return undefined;
    throw error;
  }
}

async function experimentId(client: MlflowClient, name: string): Promise<string> {
  const find = () =>
    client.get<{ experiment: { experiment_id: string } }>("experiments/get-by-name", {
      experiment_name: name,
    });
  try {
    return (await find()).experiment.experiment_id;
  } catch (error) {
    if (!(error instanceof MlflowError) || error.reason !== "RESOURCE_DOES_NOT_EXIST") throw error;
  }
  try {
    return (await client.post<{ experiment_id: string }>("experiments/create", { name }))
      .experiment_id;
  } catch (error) {
    // Another run of the same sweep has created the experiment first.
    if (!(error instanceof MlflowError) || error.reason !== "RESOURCE_ALREADY_EXISTS") throw error;
    return (await find()).experiment.experiment_id;
  }
}
