import { MetaError, messageOf } from "@metalearn/core";
import { liveTimeout } from "./liveTimeout.js";

/** Client of a server that speaks MLflow's REST API. */
export interface MlflowClient {
  /**
   * Calls an endpoint, such as `runs/create`, and returns its response.
   *
   * @throws MetaError `TRACKER_FAILED` when there is no response, or an error
   */
  post<T>(endpoint: string, body: unknown): Promise<T>;
  get<T>(endpoint: string, query: Readonly<Record<string, string>>): Promise<T>;
}

/** Address and timeout of the server. */
export interface MlflowClientOptions {
  readonly url: string;
  /** Timeout of one request, in seconds. */
  readonly timeout: number;
}

/** Error response of a server, with MLflow's name for it. */
export class MlflowError extends MetaError {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super("TRACKER_FAILED", message);
  }
}

/** A client of MLflow's REST API, version 2.0. Source: mlflow.org/docs/latest/rest-api.html */
export function mlflowClient({ url, timeout }: MlflowClientOptions): MlflowClient {
  const base = `${url.replace(/\/+$/, "")}/api/2.0/mlflow`;
  const headers = { "content-type": "application/json", ...authorization() };

  const call = async <T>(endpoint: string, init: RequestInit): Promise<T> => {
    const { signal, end } = liveTimeout(timeout);
    let text: string;
    let status: number;
    try {
      const response = await fetch(`${base}/${endpoint}`, { ...init, headers, signal });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      const why = messageOf((cause as Error).cause || cause);
      throw new MetaError("TRACKER_FAILED", `no response from ${url} (${why}).`, { cause });
    } finally {
      end();
    }
    const answer = parse(text);
    if (status === 200 && answer) return answer as T;
    const { error_code: reason = String(status), message = text.slice(0, 200) } = answer ?? {};
    throw new MlflowError(String(reason), `${url} answered ${endpoint} with ${reason}: ${message}`);
  };

  return {
    post: (endpoint, body) => call(endpoint, { method: "POST", body: JSON.stringify(body) }),
    get: (endpoint, query) => call(`${endpoint}?${new URLSearchParams(query)}`, {}),
  };
}

/** Credentials from the environment, under the names that MLflow's own clients use. */
function authorization(): Record<string, string> {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: user } = process.env;
  if (token) return { authorization: `Bearer ${token}` };
  if (!user) return {};
  const pair = `${user}:${process.env.MLFLOW_TRACKING_PASSWORD ?? ""}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
