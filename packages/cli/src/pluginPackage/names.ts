import { Script } from "node:vm";
import { MetaError } from "@metalearn/core";
import validate from "validate-npm-package-name";

/** What a new plugin is called, and where. */
export interface PluginNames {
  /** On npm: `@you/metalearn-my-method`. */
  readonly package: string;
  /** In a config: `my-method`. */
  readonly component: string;
}

/**
 * The names of a plugin, from that of its package: a config leaves scope and `metalearn-` out.
 *
 * @throws MetaError `BAD_OPTION` for a name that npm would refuse, or that begins with no letter
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
 * What a component's function is called in code: `myMethod`, or `sgdLearner` where `sgd` already means
 * something in the language or in `texts`.
 */
export function factoryName(component: string, suffix: string, texts: readonly string[]): string {
  const plain = camelCase(component);
  const isUsed = texts.some((text) => new RegExp(`\\b${plain}\\b`).test(text));
  return isUsed || !isIdentifier(plain) ? `${plain}${capitalized(suffix)}` : plain;
}

/** The name with its first letter as a capital, as types have it. */
export function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function camelCase(name: string): string {
  const [first = "", ...others] = name.split(/[-_]+/);
  return first + others.map(capitalized).join("");
}

/** Whether a constant may have this name, which no keyword may. */
function isIdentifier(name: string): boolean {
  try {
    new Script(`"use strict"; const ${name} = 0;`); // compiled, not run
    return true;
  } catch {
    return false;
  }
}
