/** An error not caused by the input: an engine, a disk, a loss that is not a number. */
export const failed = 1;

/** The command line, the config, the data or a checkpoint is wrong. */
export const wrongInput = 2;

/** The user interrupted. */
export const interrupted = 130;
