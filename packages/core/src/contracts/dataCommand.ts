import type { z } from "zod";

/** Tools that a {@link DataCommand} is given. */
export interface DataCommandContext {
  /** Tells the user something in one line. */
  notify(message: string): void;
  /** Is aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/** A command for the data that tasks read: what it is given, what it can be told, and what it does. */
export interface DataCommand<S extends z.ZodObject = z.ZodObject> {
  /** For the command's help. */
  readonly description: string;
  /** The one thing that it is given besides options, such as a file. */
  readonly argument: { readonly name: string; readonly description: string };
  /**
   * The options, each of which is a flag of the command line: texts, numbers, choices and booleans, and
   * lists, of texts by repeating the flag, of numbers as `1,2,3`. Values of other kinds are read as JSON.
   * Descriptions are their help.
   */
  readonly options: S;
  /** The names of flags that are not called after their option: `{ labels: "label" }`. */
  readonly flags?: Readonly<Partial<Record<keyof z.output<S> & string, string>>>;
  /**
   * @param options checked, and with their defaults
   * @returns lines for the user on what was done
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
  /** Makes a task of a user's own data, or leaves everything as it was. */
  readonly add?: DataCommand;
  /** Gets published data. */
  readonly download?: DataCommand;
}

/** Declares a command; its options decide the type of those that `run` is given. */
export function defineDataCommand<S extends z.ZodObject>(command: DataCommand<S>): DataCommand {
  const { run, ...others } = command;
  return {
    ...others,
    run: (argument, options, context) => run(argument, options as z.output<S>, context),
  };
}
