import type { z } from "zod";

/** Functions and signal for a running {@link DataCommand}. */
export interface DataCommandContext {
  /** Shows the user a message of one line. */
  notify(message: string): void;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/** A command for the data that tasks read: its argument, options and function. */
export interface DataCommand<S extends z.ZodObject = z.ZodObject> {
  /** Description for the command's help. */
  readonly description: string;
  /** The positional argument, such as a file. */
  readonly argument: { readonly name: string; readonly description: string };
  /**
   * Schema of the options. Each becomes a flag of the command line: texts, numbers, choices and booleans; lists of
   * texts, by repeating the flag; lists of numbers, as `1,2,3`. Other values are parsed as JSON. Descriptions of the
   * options are the help of the flags.
   */
  readonly options: S;
  /** Names of flags that differ from the option's name: `{ labels: "label" }`. */
  readonly flags?: Readonly<Partial<Record<keyof z.output<S> & string, string>>>;
  /**
   * Runs the command.
   *
   * @param options checked options, with defaults filled in
   * @returns lines for the user that describe the result
   * @throws MetaError; the reason of the signal when it is aborted
   */
  run(
    argument: string,
    options: z.output<S>,
    context: DataCommandContext,
  ): Promise<readonly string[]>;
}

/** Commands for the data of some tasks: `metalearn data add` and `data download`. */
export interface DataSupport {
  /** Makes a task of a user's own data; on failure nothing is changed. */
  readonly add?: DataCommand;
  /** Downloads published data. */
  readonly download?: DataCommand;
}

/** Defines a command; the schema of its options gives the type of those that `run` receives. */
export function defineDataCommand<S extends z.ZodObject>(command: DataCommand<S>): DataCommand {
  const { run, ...others } = command;
  return {
    ...others,
    run: (argument, options, context) => run(argument, options as z.output<S>, context),
  };
}
