import { defineFactory, type Factory, type Model, type ModelAdapter } from "@metalearn/core";
import { z } from "zod";

/** Functions that add an adapter to a model. */
export interface AdapterUse<Options> {
  /** Name of a saved adapter in messages: `a LoRA`. */
  readonly noun: string;
  /** Adds a new adapter to a model. */
  create(model: Model, options: Options): Model;
  /** Adds the adapter that a folder holds to a model. */
  open(model: Model, directory: string): Promise<Model>;
}

/**
 * Factory whose config either describes a new adapter or names the folder of a saved one, `weights`, which
 * has settings of its own. In code these are two functions.
 *
 * @param options schema of a new adapter
 */
export function adapterFactory<S extends z.ZodObject>(
  options: S,
  { noun, create, open }: AdapterUse<z.input<S>>,
): Factory<ModelAdapter> {
  const own = Object.entries(options.shape as Record<string, z.ZodType>);
  const required = own.filter(([, option]) => !option.safeParse(undefined).success);
  const schema = z
    .strictObject({
      ...Object.fromEntries(own.map(([name, option]) => [name, withoutDefault(option)])),
      weights: z
        .string()
        .optional()
        .describe(
          `A folder with ${noun} in PEFT's format, relative to the config file, in place of all other options. Default: a new one.`,
        ),
    })
    .superRefine(({ weights, ...others }: Record<string, unknown>, context) => {
      const given = Object.keys(others).filter((name) => others[name] !== undefined);
      const missing = required.map(([name]) => name).filter((name) => others[name] === undefined);
      const add = (message: string) => context.addIssue({ code: "custom", message });
      if (weights !== undefined && given.length > 0) {
        add(`weights have their own ${given.join(", ")}. Leave out one of them`);
      } else if (weights === undefined && missing.length > 0) {
        add(`expected ${missing.join(", ")} or weights, got neither`);
      }
    })
    .describe(options.description ?? "");
  return defineFactory(
    schema,
    ({ weights, ...given }, { path }) =>
      (model) =>
        weights === undefined ? create(model, given as z.input<S>) : open(model, path(weights)),
  );
}

/** Makes an option optional, with its default in its description. */
function withoutDefault(option: z.ZodType): z.ZodType {
  const { description = "" } = option;
  if (option instanceof z.ZodDefault) {
    const inner = (option.unwrap() as z.ZodType).optional();
    return inner.describe(`${description} Default: ${option.def.defaultValue}.`);
  }
  if (option instanceof z.ZodOptional) return option;
  return option.optional().describe(`${description} Required without \`weights\`.`);
}
