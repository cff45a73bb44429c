import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A local MLflow server. */
export interface MlflowServer {
  readonly url: string;
  /** Response to a GET. */
  get<T>(endpoint: string, query: Readonly<Record<string, string>>): Promise<T>;
  post<T>(endpoint: string, body: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** Finds a port without a listener. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

/** Starts a tracking server with a database of its own, and waits until it responds. */
export async function startMlflow(python: string, port: number): Promise<MlflowServer> {
  const folder = await mkdtemp(join(tmpdir(), "metalearn-mlflow-"));
  const store = `sqlite:///${join(folder, "mlflow.db")}`;
  const files = join(folder, "artifacts");
  const child = spawn(
    python,
    [
      "-m",
      "mlflow",
      "server",
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--workers",
      "1",
    ].concat(["--backend-store-uri", store, "--default-artifact-root", files]),
    // A process group of its own: the server's workers must end with it.
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const url = `http://127.0.0.1:${port}`;
  const call = async <T>(endpoint: string, init?: RequestInit): Promise<T> => {
    const response = await fetch(`${url}/api/2.0/mlflow/${endpoint}`, init);
    return (await response.json()) as T;
  };
  const stop = async () => {
    if (child.exitCode === null && child.pid) {
      process.kill(-child.pid, "SIGKILL");
      await once(child, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = performance.now() + 90_000;
  while (
    !(await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (performance.now() > deadline || child.exitCode !== null) {
      await stop();
      throw new Error(`The MLflow server did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return {
    url,
    get: (endpoint, query) => call(`${endpoint}?${new URLSearchParams(query)}`),
    post: (endpoint, body) =>
      call(endpoint, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    stop,
  };
}
