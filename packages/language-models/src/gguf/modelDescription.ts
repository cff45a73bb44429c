import type { MetadataReader } from "./metadataReader.js";
import type { GgufContainer } from "./openContainer.js";
import type { Place } from "./place.js";

/** A model in transformers' terms. */
interface ModelDescription {
  /** The contents of its `config.json`. */
  readonly config: HuggingFaceConfig;
  /** Its tensors, in the order of the model. */
  readonly places: readonly Place[];
  /** Tensors of the file that the checkpoint omits: they are part of the configuration, or duplicates. */
  readonly unused: readonly string[];
}

/** The contents of a `config.json` of transformers, without numbers that the file does not contain. */
export interface HuggingFaceConfig {
  readonly architectures: readonly [string];
  readonly model_type: string;
  readonly vocab_size: number;
  readonly tie_word_embeddings: boolean;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id?: number;
  readonly [key: string]: unknown;
}

/** Describes a model of one architecture from the metadata and the tensors of its file. */
export type Describe = (
  container: GgufContainer,
  metadata: MetadataReader,
) => Promise<ModelDescription>;
