import { Script } from "node:vm";
import { MetaError } from "@metalearn/core";
import validate from "validate-npm-package-name";

/** Names of a new plugin. */
export interface PluginNames {
  /** On npm: `@you/metalearn-my-method`. */
  readonly package: string;
  /** In a config: `my-method`. */
  readonly component: string;
}

/**
 * Names of a plugin, derived from its package's: a config omits the scope and `metalearn-`.
 *
 * @throws MetaError `BAD_OPTION` for a name that npm would refuse, or that does not begin with a letter
 */
export function pluginNames(name: string): PluginNames {
  const { validForNewPackages, errors = [], warnings = [] } = validate(name);
  if (!validForNewPackages) {
    throw new MetaError(
      "BAD_OPTION",
      `"${name}" cannot be the name of a package: ${[...errors, ...warnings].join("; ")}. Try something like metalearn-my-method or @you/my-method.`,
    );
  }
  const component = name.replace(/^@[^/]*\//, "").replace(/^metalearn-(?:plugin-)?/, "");
  if (!/^[a-z][\w-]*$/.test(component)) {
    throw new MetaError(
      "BAD_OPTION",
      `A config would call the plugin "${component}", but such a name is a letter and then letters, digits, - or _. Try something like metalearn-my-method.`,
    );
  }
  return { package: name, component };
}

/**
 * Name of a component's function in code: `myMethod`, or `sgdLearner` where `sgd` is already used in the
 * language or in `texts`.
 */
export function factoryName(component: string, kind: string, texts: readonly string[]): string {
  const plain = camelCase(component);
  const suffix = camelCase(kind);
  const isUsed = texts.some((text) => new RegExp(`\\b${plain}\\b`).test(text));
  return isUsed || !isIdentifier(plain) ? `${plain}${capitalized(suffix)}` : plain;
}

/** Name with a capital first letter, as types have it. */
export function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function camelCase(name: string): string {
  const [first = "", ...others] = name.split(/[-_]+/);
  return first + others.map(capitalized).join("");
}

/** True if a constant may have this name: keywords may not be names. */
function isIdentifier(name: string): boolean {
  try {
    new Script(`"use strict"; const ${name} = 0;`); // compiled, not run
    return true;
  } catch {
    return false;
  }
}
