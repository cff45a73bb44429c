import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory, messageOf } from "@metalearn/core";
import { pruneCache } from "./pruneCache.js";
import { decodeTokenFile, encodeTokenFile } from "./tokenFile.js";
import type { TokenTable } from "./tokenTable.js";

/** Version of the tokens. Raise it when a change of the code changes tokens but no probe of the fingerprint. */
const version = 1;

/** Everything that tokens depend on, apart from the encoder. */
export interface TokenSource {
  readonly task: string;
  /** Type of the task, which decides the checks that the file's rows have passed. */
  readonly taskType: string;
  /** Hash of the data file. */
  readonly sha256: string;
  /** Number of its rows that are used; all when absent. */
  readonly limit: number | undefined;
  /** Seed of the words that replaced labels, if they were replaced. */
  readonly wordSeed?: number | undefined;
}

/** Tokens of earlier runs, one file for each data file. */
export interface TokenCache {
  readonly directory: string;
  /** Reads tokens; `undefined` when there is no intact file. A damaged one is reported. */
  read(source: TokenSource): Promise<TokenTable | undefined>;
  /** Stores tokens for later runs. A failure to write is reported and otherwise ignored. */
  write(source: TokenSource, table: TokenTable): void;
  /** Removes files beyond the limit. Call it after all writes. */
  prune(): void;
}

/** Options of {@link tokenCache}. */
export interface TokenCacheOptions {
  /** Fingerprint of the encoder: equal ones make equal tokens. */
  readonly fingerprint: string;
  readonly notify: (message: string) => void;
  /** @default `tokens` in metalearn's cache directory */
  readonly directory?: string;
  /** Limit for the size of all files; the least recently used ones are removed. @default 5e9 */
  readonly maxBytes?: number;
}

/**
 * Token cache of an encoder. A file's name is a hash of everything that decides its content, so that no file
 * is ever outdated. Files are written atomically, also when several processes write the same one.
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
          `The cached tokens of ${source.task} are computed again, because ${path} is damaged: ${messageOf(error)}`,
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
        isWritable = false; // reported once only
        notify(
          `Tokens cannot be cached for later runs: ${messageOf(error)}. Set METALEARN_CACHE to another folder, or "cache" of the tasks to false.`,
        );
      }
    },
    prune() {
      if (isWritable) pruneCache(directory, maxBytes);
    },
  };
}
