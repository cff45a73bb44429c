import { type Command, InvalidArgumentError, Option } from "commander";

// Values of flags. Nothing of metalearn is loaded for them, so that help is quick.

/** Parses `16`. */
export function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number, such as 16.");
}

/** Parses `4`; refuses `0`. */
export function positiveNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number of at least 1.");
}

/** Parses `0.5`. */
export function number(text: string): number {
  if (text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  throw new InvalidArgumentError("Expected a number, such as 0.5.");
}

/** Parses `1,2,3`. */
export function wholeNumbers(text: string): number[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.every((part) => /^\d+$/.test(part))) return parts.map(Number);
  throw new InvalidArgumentError("Expected whole numbers, such as 1,2,3.");
}

/** Parses `0.1,0.2`. */
export function numbers(text: string): number[] {
  return text.split(",").map(number);
}

const units: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9 };

/** Parses `60M` as bytes. */
export function byteSize(text: string): number {
  const [, digits, unit = ""] = /^([1-9]\d*)([KMG]?)$/.exec(text) ?? [];
  if (digits) return Number(digits) * (units[unit] as number);
  throw new InvalidArgumentError("Expected a size, such as 60M or 2G.");
}

/** Parses `6`. */
export function compressionLevel(text: string): number {
  if (/^\d$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected 0 for no compression to 9 for small.");
}

/** Parses `nccl,curand`. */
export function names(text: string): string[] {
  return text.split(",");
}

/** Collects values of a flag that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

// Flags that several commands have.

/** Printed below errors of the command line. */
export const helpAfterError = "(--help shows what there is.)";

/** Flag with a fixed set of values. */
export function choice(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values);
}

const foundByItself = "the config file; by default the nearest metalearn.config.*";

/** Flags of the commands that read a config. */
export interface ConfigFlags {
  readonly config?: string;
}

/**
 * Adds a config file and changes to it, as last arguments, to a command.
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

/** Flags of commands that plugins carry out. */
export interface PluginFlags extends ConfigFlags {
  readonly plugin: readonly string[];
}

/** Makes a command read a config and name plugins for a run or checkpoint, which may come from anywhere. */
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

/** Adds flags that choose plugins to a command. */
export function withPlugins(command: Command): Command {
  return command
    .option("-c, --config <file>", `${foundByItself}; its plugins are loaded as well`)
    .option("--plugin <name>", "a further plugin to load; repeatable", collect, []);
}

/** Flags of `metalearn data add` and `data download`, in addition to those of the plugin's command. */
export interface DataFlags extends PluginFlags {
  /** Name of the tasks that the data belongs to. */
  readonly for?: string;
}

/** Adds flags that choose the plugin to a data command. */
export function withDataFlags(command: Command): Command {
  return withPlugins(command).option(
    "--for <tasks>",
    "whose data, as a config names the tasks; needed where several plugins have any",
  );
}
