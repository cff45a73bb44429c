import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { HubOptions } from "./hubOptions.js";

/** URL and token of the hub, in the form of `@huggingface/hub`; absent where there is none. */
export interface Connection {
  readonly hubUrl?: string;
  readonly accessToken?: string;
}

/** The hub that options, else the environment name. Source: `constants.py` and `get_token` of huggingface_hub. */
export async function connection({
  endpoint = process.env.HF_ENDPOINT,
  accessToken,
}: Pick<HubOptions, "endpoint" | "accessToken">): Promise<Connection> {
  const token = accessToken ?? environmentToken() ?? (await storedToken());
  return { ...(endpoint && { hubUrl: endpoint }), ...(token && { accessToken: token }) };
}

/** The file in which `hf auth login` stores a token. */
export function tokenFile(): string {
  const { HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  return HF_TOKEN_PATH ?? join(home, "token");
}

function environmentToken(): string | undefined {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN } = process.env;
  return HF_TOKEN?.trim() || HUGGING_FACE_HUB_TOKEN?.trim() || undefined;
}

async function storedToken(): Promise<string | undefined> {
  return (await readFile(tokenFile(), "utf8").catch(() => "")).trim() || undefined;
}
