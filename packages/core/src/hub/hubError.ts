import { HubApiError } from "@huggingface/hub";
import { MetaError, messageOf } from "../errors.js";
import { connection, tokenFile } from "./connection.js";
import type { HubOptions } from "./hubOptions.js";

const publicHub = "https://huggingface.co";

/** Makes the error of a repository that could not be read: which token it wants, or why the hub was not reached. */
export async function hubError(
  cause: unknown,
  repository: string,
  options: HubOptions,
): Promise<MetaError> {
  const { type = "model", revision = "main" } = options;
  const what = `Cannot get "${repository}" (revision ${revision}) from the Hugging Face hub`;
  const error = (text: string) => new MetaError("MISSING_FILE", `${what}: ${text}`, { cause });
  const { hubUrl = publicHub, accessToken } = await connection(options);
  const status = cause instanceof HubApiError ? cause.statusCode : undefined;
  if (status === 401 || status === 403) {
    return error(
      accessToken
        ? `its token has no access (status ${status}). If the repository is gated, accept its conditions at ${hubUrl}/${repository}; if it is private, set HF_TOKEN to a token of somebody who may read it. Check the name as well.`
        : `it does not exist, or is private or gated and needs a token (status ${status}). Accept its conditions at ${hubUrl}/${repository}, and set HF_TOKEN to a token of ${hubUrl}/settings/tokens, or run "hf auth login", which writes it to ${tokenFile()}; there is neither.`,
    );
  }
  const local =
    type === "model"
      ? ` A local folder must exist and be written with a slash, such as ./${repository.split("/").at(-1)}.`
      : "";
  return error(`${await reasonOf(cause, options)}. Check the name and the network.${local}`);
}

/** Reason of a failed request, with the hub's address where it did not answer. */
export async function reasonOf(error: unknown, options: HubOptions): Promise<string> {
  if (error instanceof HubApiError) return error.message.replace(/\.$/, "");
  const { hubUrl = publicHub } = await connection(options);
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error;
  // Of a host with several addresses, Node reports each failure; their common message is empty.
  const text = messageOf(inner) || (inner as { readonly code?: string }).code || messageOf(error);
  return `${hubUrl} does not answer (${text})`;
}
