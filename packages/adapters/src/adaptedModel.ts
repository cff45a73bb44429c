import { join } from "node:path";
import {
  disposeParams,
  filterParams,
  isLanguageModel,
  isPredictor,
  type LanguageModel,
  type Model,
  type Params,
  type PromptedModel,
  tidy,
} from "@metalearn/core";

/** Additional parameters of an adapter. */
export interface Addition {
  /** Name in messages, and of the folder with the adapter's files, inside the model's. */
  readonly name: string;
  /** True for a parameter of the adapter, false for one of the model. */
  owns(name: string): boolean;
  /** Creates the adapter's parameters, given the model's. */
  init(base: Params, seed: number): Params | Promise<Params>;
  /** @param base path or name of the base model, if it is known */
  save(own: Params, directory: string, base: string | undefined): Promise<void>;
  /** Reads the files that `save` wrote, in the order of `init`. */
  load(directory: string, base: Params): Promise<Params>;
}

/**
 * Parameters and files of an adapted model: everything of `model` except its arithmetic. It is saved as the
 * files of `model`, unchanged by the adapter, with a folder of the adapter's files. A model without a format
 * of its own stores all parameters in one file.
 */
export function adaptedStorage(model: Model, addition: Addition): Omit<Model, "loss"> {
  const { name, owns, init, save, load } = addition;
  const together = async (base: Params, make: () => Params | Promise<Params>): Promise<Params> => {
    try {
      return { ...base, ...(await make()) };
    } catch (error) {
      disposeParams(base);
      throw error;
    }
  };
  return {
    name: `${model.name} with ${name}`,
    ...(model.peft && { peft: model.peft }),
    ...(model.weights && { weights: model.weights }),
    async init(seed) {
      const base = await model.init(seed);
      return together(base, () => init(base, seed));
    },
    ...(model.save && {
      async save(params, directory, options) {
        const base = filterParams(params, (name) => !owns(name));
        await model.save?.(base, directory, options);
        await save(filterParams(params, owns), join(directory, name), options?.base);
      },
    }),
    ...(model.load && {
      async load(directory) {
        const base = (await model.load?.(directory)) ?? {};
        return together(base, () => load(join(directory, name), base));
      },
    }),
  };
}

/**
 * Arithmetic of a model at `view(params)` in place of its parameters. All other members of the model are left
 * out, since they would read the parameters without the view.
 */
export function viewedModel(
  model: Model,
  view: (params: Params) => Params,
): Pick<Model, "loss"> | Omit<LanguageModel, "name" | "init"> {
  const through =
    <A extends readonly unknown[], R>(fn: (params: Params, ...rest: A) => R) =>
    (params: Params, ...rest: A): R =>
      tidy(() => fn(view(params), ...rest));
  if (!isLanguageModel(model)) {
    return {
      loss: through(model.loss),
      ...(isPredictor(model) && { outputs: through(model.outputs) }),
    };
  }

  const viewed = ({ maxTokens, loss, tokenLosses, ...more }: PromptedModel): PromptedModel => ({
    maxTokens,
    loss: through(loss),
    tokenLosses: through(tokenLosses),
    ...(more.trees && {
      trees: {
        readPrefix: through(more.trees.readPrefix),
        treeLosses: through(more.trees.treeLosses),
      },
    }),
    ...(more.generation && {
      generation: {
        readPrompt: through(more.generation.readPrompt),
        readToken: through(more.generation.readToken),
        ...(more.generation.readMore && { readMore: through(more.generation.readMore) }),
      },
    }),
    ...(more.bytesPerToken && { bytesPerToken: more.bytesPerToken }),
  });
  const { tokenizer, prompts } = model;
  return {
    ...viewed(model),
    tokenizer,
    ...(prompts && {
      prompts: {
        embeddings: prompts.embeddings,
        prompted: (tokens, prompt) => viewed(prompts.prompted(tokens, prompt)),
      },
    }),
  };
}
