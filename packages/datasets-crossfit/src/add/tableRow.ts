/** A row of a user's data: values by column. */
export type TableRow = Readonly<Record<string, unknown>>;
