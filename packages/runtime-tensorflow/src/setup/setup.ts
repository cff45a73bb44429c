import type { MachineSupport } from "@metalearn/core";
import { describeLibrary } from "../locate/layout.js";
import { provideAddon } from "./provideAddon.js";
import { provideLibTensorFlow } from "./provideLibTensorFlow.js";
import { withWorkDirectory } from "./workDirectory.js";

/** Options of {@link setup}. */
export type SetupOptions = Parameters<MachineSupport["setup"]>[0];

/**
 * Downloads TensorFlow and compiles the addon for it, in the cache directory. Existing parts are kept unless
 * `force` is set. A killed setup leaves no half-finished parts, and concurrent setups do not disturb each
 * other.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE` when something is missing, with what to install
 */
export async function setup({ cuda, force, notify }: SetupOptions): Promise<void> {
  await withWorkDirectory(async (workDirectory) => {
    const options = { cuda, force, notify, workDirectory };
    const { library, isNew: isNewLibrary } = await provideLibTensorFlow(options);
    const { isNew: isNewAddon, devices } = await provideAddon(library, options);
    const what = describeLibrary(library);
    notify(
      isNewLibrary || isNewAddon
        ? `${what} is ready, on ${devices.join(" and ")}.`
        : `${what} is set up already.`,
    );
  });
}
