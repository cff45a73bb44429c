// For TypeDoc: calls a module as it is imported, `@metalearn/core/testing`, rather than by its path.
import { Converter, ReflectionKind } from "typedoc";

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (reflection.kind !== ReflectionKind.Module) return;
    reflection.name = `@metalearn/${reflection.name.replace("/dist", "")}`;
  });
}
