import { defineFactory, definePlugin, isLanguageModel, MetaError } from "@metalearn/core";
import { crossfit } from "./crossfit.js";
import { isSettingFile } from "./data/settings.js";
import { dataCommands } from "./dataCommands.js";
import { prompter } from "./evaluate/prompter.js";
import { crossfitOptions } from "./options.js";
import { tokenLimits } from "./prompt/tokenLimits.js";

export default definePlugin({
  name: "@metalearn/datasets-crossfit",
  tasks: {
    crossfit: defineFactory(crossfitOptions, async (options, { get, path, notify }) => {
      const model = await get("model");
      if (!isLanguageModel(model)) {
        throw new MetaError(
          "BAD_CONFIG",
          `tasks (crossfit): expected a language model, which brings a tokenizer, got ${model.name}.`,
        );
      }
      return crossfit({
        ...options,
        ...tokenLimits(options, model),
        root: path(options.root),
        setting: isSettingFile(options.setting) ? path(options.setting) : options.setting,
        tokenizer: model.tokenizer,
        notify,
      });
    }),
  },
  prompters: { crossfit: prompter },
  data: { crossfit: dataCommands },
});
