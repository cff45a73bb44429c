import { join } from "node:path";

/** The configs that `extends: preset:{name}` and `metalearn init` know, as `{name}.yaml`. */
export const presetFolder = join(import.meta.dirname, "../presets");
