import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory, messageOf } from "@metalearn/core";
import { pruneCache } from "./pruneCache.js";
import { decodeTokenFile, encodeTokenFile } from "./tokenFile.js";
import type { TokenTable } from "./tokenTable.js";

/** Raised when cached tokens would no longer be those that the code makes, and no probe could tell. */
const version = 1;

/** All that tokens are made from, besides the encoder. */
export interface TokenSource {
  readonly task: string;
  /** Decides whether the file's rows are as they should be, which cached tokens stand for. */
  readonly taskType: string;
  /** Of the data file. */
  readonly sha256: string;
  /** How many of its rows are used; all when absent. */
  readonly limit: number | undefined;
  /** The seed of the words that labels were replaced by, if they were. */
  readonly wordSeed?: number | undefined;
}

/** Tokens of earlier runs, a file for each data file. */
export interface TokenCache {
  readonly directory: string;
  /** `undefined` when there is no sound file. A damaged one is told about. */
  read(source: TokenSource): Promise<TokenTable | undefined>;
  /** Keeps tokens for later runs. Where that is not possible it is told, and nothing else happens. */
  write(source: TokenSource, table: TokenTable): void;
  /** Keeps the folder within its limit. To be called when all is written. */
  prune(): void;
}

/** Options of {@link tokenCache}. */
export interface TokenCacheOptions {
  /** Of the encoder: equal ones make equal tokens. */
  readonly fingerprint: string;
  readonly notify: (message: string) => void;
  /** @default `tokens` in metalearn's cache directory */
  readonly directory?: string;
  /** What all files may take; those that were not used for the longest time go. @default 5e9 */
  readonly maxBytes?: number;
}

/**
 * The token cache of an encoder. Files are named after all that decides their content, so that none
 * is ever out of date; they appear whole or not at all, whoever else writes the same.
 */
export function tokenCache({
  fingerprint,
  notify,
  directory = join(cacheDirectory(), "tokens"),
  maxBytes = 5e9,
}: TokenCacheOptions): TokenCache {
  const pathOf = ({ task, taskType, sha256, limit, wordSeed }: TokenSource) => {
    const parts = [version, fingerprint, task, taskType, sha256, limit ?? "all"];
    const key = JSON.stringify(wordSeed === undefined ? parts : [...parts, wordSeed]);
    return join(directory, `${createHash("sha256").update(key).digest("hex")}.tokens`);
  };
  let isWritable = true;
  return {
    directory,
    async read(source) {
      const path = pathOf(source);
      const bytes = await readFile(path).catch(() => undefined);
      if (!bytes) return undefined;
      try {
        const table = decodeTokenFile(bytes);
        const now = new Date();
        await utimes(path, now, now).catch(() => {}); // for pruning; a shared cache may be read-only
        return table;
      } catch (error) {
        notify(
          `The cached tokens of ${source.task} are made anew, since ${path} is damaged: ${messageOf(error)}`,
        );
        return undefined;
      }
    },
    write(source, table) {
      if (!isWritable) return;
      const path = pathOf(source);
      const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
      try {
        mkdirSync(directory, { recursive: true });
        try {
          writeFileSync(temporary, Buffer.concat(encodeTokenFile(table)));
          renameSync(temporary, path);
        } finally {
          rmSync(temporary, { force: true });
        }
      } catch (error) {
        isWritable = false; // once is enough
        notify(
          `Tokens cannot be kept for later runs: ${messageOf(error)}. Set METALEARN_CACHE to another folder, or "cache" of the tasks to false.`,
        );
      }
    },
    prune() {
      if (isWritable) pruneCache(directory, maxBytes);
    },
  };
}
