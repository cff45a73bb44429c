import { defineFactory, type Factory, type Model, type ModelAdapter } from "@metalearn/core";
import { z } from "zod";

/** How a model is given an adapter. */
export interface AdapterUse<Options> {
  /** What a saved one is called: `a LoRA`. */
  readonly noun: string;
  /** Gives a model a new one. */
  create(model: Model, options: Options): Model;
  /** Gives a model the one that a folder holds. */
  open(model: Model, directory: string): Promise<Model>;
}

/**
 * A factory whose config either describes a new adapter or names the folder of a saved one, `weights`,
 * which brings settings of its own. In code these are two functions.
 *
 * @param options the schema of a new one
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
          `A folder with ${noun} in PEFT's format, relative to the config file, instead of all else. Default: a new one.`,
        ),
    })
    .superRefine(({ weights, ...others }: Record<string, unknown>, context) => {
      const given = Object.keys(others).filter((name) => others[name] !== undefined);
      const missing = required.map(([name]) => name).filter((name) => others[name] === undefined);
      const add = (message: string) => context.addIssue({ code: "custom", message });
      if (weights !== undefined && given.length > 0) {
        add(`weights bring their own ${given.join(", ")}; give only one`);
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

/** An option that may be left out, with its default in words. */
function withoutDefault(option: z.ZodType): z.ZodType {
  const { description = "" } = option;
  if (option instanceof z.ZodDefault) {
    const inner = (option.unwrap() as z.ZodType).optional();
    return inner.describe(`${description} Default: ${option.def.defaultValue}.`);
  }
  if (option instanceof z.ZodOptional) return option;
  return option.optional().describe(`${description} Required without \`weights\`.`);
}
