/** Part of a task in `evaluation.json` that these tests read. */
export interface StoredTask {
  readonly task: string;
  readonly unseenDomain: boolean;
  readonly seeds: readonly { readonly seed: number; readonly score: number }[];
}

/** Content of `evaluation.json`. */
export interface StoredEvaluation {
  readonly seeds: readonly number[];
  readonly seconds: number;
  readonly tasks: readonly StoredTask[];
}

/** Cells of a terminal table, row by row. */
export function cellsOf(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("│"))
    .map((line) =>
      line
        .split("│")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** `12.5 / 10.0`: mean and lowest over the sets of demonstrations, averaged over tasks and runs. */
export function meanAndWorst(tasks: readonly StoredTask[]): string {
  const scores = tasks.map(({ seeds }) => seeds.map(({ score }) => score));
  return `${percent(average(scores.map(average)))} / ${percent(average(scores.map((own) => Math.min(...own))))}`;
}

/** Mean score of one evaluation: over demonstrations, then over tasks. */
export function meanScore({ tasks }: StoredEvaluation): number {
  return average(tasks.map(({ seeds }) => average(seeds.map(({ score }) => score))));
}

export function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
