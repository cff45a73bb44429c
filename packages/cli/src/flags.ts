import { type Command, InvalidArgumentError, Option } from "commander";

// Values of flags. Nothing of metalearn is loaded for them, so that help is quick.

/** `16` */
export function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number, such as 16.");
}

/** `4`, but not `0` */
export function positiveNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number of at least 1.");
}

/** `0.5` */
export function number(text: string): number {
  if (text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  throw new InvalidArgumentError("Expected a number, such as 0.5.");
}

/** `1,2,3` */
export function wholeNumbers(text: string): number[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.every((part) => /^\d+$/.test(part))) return parts.map(Number);
  throw new InvalidArgumentError("Expected whole numbers, such as 1,2,3.");
}

/** `0.1,0.2` */
export function numbers(text: string): number[] {
  return text.split(",").map(number);
}

const units: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9 };

/** `60M` */
export function byteSize(text: string): number {
  const [, digits, unit = ""] = /^([1-9]\d*)([KMG]?)$/.exec(text) ?? [];
  if (digits) return Number(digits) * (units[unit] as number);
  throw new InvalidArgumentError("Expected a size, such as 60M or 2G.");
}

/** `6` */
export function compressionLevel(text: string): number {
  if (/^\d$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected 0 for no compression to 9 for small.");
}

/** `nccl,curand` */
export function names(text: string): string[] {
  return text.split(",");
}

/** Values of a flag that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

// Flags that several commands have.

/** Stands below what is wrong with a command line. */
export const helpAfterError = "(--help shows what there is.)";

/** A flag with one of a few values. */
export function choice(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values);
}

const foundByItself = "the config file; found by itself when left out";

/** Flags of the commands that read a config. */
export interface ConfigFlags {
  readonly config?: string;
}

/**
 * A command that reads a config and takes changes to it, as its last arguments.
 *
 * @param example of a change
 */
export function withConfig(
  command: Command,
  { example = "train.steps=500", config = foundByItself } = {},
): Command {
  return command
    .argument("[key=value...]", `changes to the config, such as ${example}`)
    .option("-c, --config <file>", config);
}

/** Flags of the commands that ask plugins for what they can do. */
export interface PluginFlags extends ConfigFlags {
  readonly plugin: readonly string[];
}

/** A command that reads runs, checkpoints and parameters, which may come from anywhere. */
export function withCheckpoint(command: Command, example: string): Command {
  return withConfig(command, {
    example,
    config: "the config file, for a checkpoint without a run",
  }).option(
    "--plugin <name>",
    "a plugin that the run needs and your own config does not list; repeatable",
    collect,
    [],
  );
}

/** A command that asks metalearn's plugins, and those that the user names. */
export function withPlugins(command: Command): Command {
  return command
    .option("-c, --config <file>", `${foundByItself}; the plugins that it lists are asked as well`)
    .option("--plugin <name>", "a plugin to ask as well; repeatable", collect, []);
}

/** Flags of `metalearn data add` and `data download`, besides those of the plugin's command. */
export interface DataFlags extends PluginFlags {
  /** The tasks whose data it is. */
  readonly for?: string;
}

/** A command for data, which a plugin carries out. */
export function withDataFlags(command: Command): Command {
  return withPlugins(command).option(
    "--for <tasks>",
    "whose data, as a config names the tasks; needed where several plugins have any",
  );
}
