import { readdir } from "node:fs/promises";
import { MetaError } from "@metalearn/core";
import { type WritableTensor, writeAtomically } from "@metalearn/core/files";
import { type WriteOptions, writeCheckpoint } from "../checkpoint/writeCheckpoint.js";
import { findTokenizer } from "../tokenizer/readTokenizer.js";
import { type GgufFile, openGguf } from "./openGguf.js";

/**
 * Writes the model of a GGUF file as a checkpoint of transformers with equal values: `config.json`, safetensors, and
 * the files of its tokenizer. At most one tensor is held in memory.
 *
 * @param folder a new or empty folder, which is written completely or not at all
 * @throws MetaError `BAD_OPTION` when the folder is not empty, or for values that `dtype` cannot hold; the errors of
 *   {@link openGguf}
 */
export async function convertGguf(
  path: string,
  folder: string,
  { tokenizer: given, ...options }: WriteOptions = {},
): Promise<void> {
  await requireEmpty(folder);
  const tokenizer = given ?? (await findTokenizer(path));
  const file = await openGguf(path);
  try {
    const tensors = tensorsOf(file);
    const { config } = file;
    const maxTokens = Number(config.max_position_embeddings ?? config.n_positions);
    await writeAtomically(folder, (temporary) =>
      writeCheckpoint(
        temporary,
        { tensors, config, maxTokens },
        { ...options, ...(tokenizer && { tokenizer }) },
      ),
    );
  } finally {
    await file.close();
  }
}

async function requireEmpty(folder: string): Promise<void> {
  const refuse = (what: string, cause?: unknown) =>
    new MetaError(
      "BAD_OPTION",
      `Expected a new or an empty folder, got ${what}. Name another one.`,
      { cause },
    );
  const [first] = await readdir(folder).catch((cause: NodeJS.ErrnoException): string[] => {
    if (cause.code === "ENOENT") return [];
    throw refuse(folder, cause);
  });
  if (first !== undefined) throw refuse(`${folder} with ${first} in it`);
}

/** The tensors of a file; each is read when it is written. @throws MetaError for a type that cannot be read */
function tensorsOf(file: GgufFile): Record<string, WritableTensor> {
  return Object.fromEntries(
    Object.keys(file.entries).map((name) => {
      const data = async () => {
        const tensor = await file.read(name);
        try {
          return await tensor.data();
        } finally {
          tensor.dispose();
        }
      };
      return [name, { shape: file.entry(name).shape, dtype: "float32", data }];
    }),
  );
}
