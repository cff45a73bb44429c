import { configJsonSchema } from "@metalearn/core/runs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { officialToolkit } from "./officialToolkit.js";

const schema = JSON.parse(JSON.stringify(configJsonSchema(officialToolkit)));
const validate = new Ajv2020({
  strict: false,
  allErrors: true,
  validateFormats: false,
}).compile(schema);

/**
 * Mistakes in a config or a part of one, as `place message`. Where it lists a plugin that is not metalearn's,
 * unknown names are taken for that plugin's.
 */
export function configMistakes(config: unknown): string[] {
  if (validate(config)) return [];
  const { plugins = [] } = (config ?? {}) as { plugins?: readonly string[] };
  const hasOthers = plugins.some((name) => !name.startsWith("@metalearn/"));
  return (validate.errors ?? [])
    .filter(({ instancePath }) => !(hasOthers && instancePath.endsWith("/use")))
    .map(({ instancePath, message, params }) =>
      [instancePath, message, params.additionalProperty].filter(Boolean).join(" "),
    );
}
