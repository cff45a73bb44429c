import { median } from "../median.js";
import type { DeviceRow } from "./rows.js";

/** Measurements of a side, or the reason why there are none. */
export type SideOutcome = { readonly label: string } & (
  | { readonly seconds: readonly number[]; readonly deviceMiB?: number }
  | { readonly error: string }
);

/** Measurements on one device. */
export interface DeviceResults {
  readonly machine: string;
  readonly date: string;
  readonly model: { readonly size: string; readonly time: number; readonly scored: number };
  /** Measured rate of PyTorch's bfloat16 products; absent where it could not be measured. */
  readonly teraflops?: number;
  readonly rows: Readonly<Record<string, RowOutcome>>;
}

/** Sides of a row, ours first, and the operations of one step. */
interface RowOutcome {
  readonly flops: number;
  readonly sides: readonly SideOutcome[];
}

/** The results as a page in Markdown. */
export function devicePage(results: DeviceResults, rows: readonly DeviceRow[]): string {
  const { machine, date, model, teraflops } = results;
  const rate = teraflops
    ? `A bfloat16 matrix product runs at ${teraflops.toFixed(1)} TFLOP/s in PyTorch here.`
    : "The rate of matrix products was not measured.";
  const tables = rows.flatMap((row) => {
    const outcome = results.rows[row.name];
    return outcome ? [table(row, outcome, results)] : [];
  });
  const heading = `# On ${machine}\n\nWritten by \`bench/device.ts\`, ${date}. ${model.size} with random weights, ${model.time} tokens of which ${model.scored} are scored. ${rate}`;
  return `${[heading, ...tables].join("\n\n")}\n`;
}

function table(
  { title, sequences }: DeviceRow,
  { flops, sides }: RowOutcome,
  { model, teraflops }: DeviceResults,
): string {
  const [own] = sides;
  const lines = sides.map((side) => {
    if ("error" in side) return `| ${side.label} | ${side.error} | | | | | |`;
    const seconds = median(side.seconds);
    const cells = [
      side.label,
      (seconds * 1e3).toFixed(1),
      Math.round((sequences.all * model.time) / seconds),
      teraflops ? `${((flops / seconds / teraflops / 1e12) * 100).toFixed(1)} %` : "",
      side.deviceMiB ?? "",
      own && "seconds" in own ? (seconds / median(own.seconds)).toFixed(2) : "",
      ((seconds * 50_000) / 3_600).toFixed(1),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    `## ${title}`,
    "",
    "| | ms | tokens/s | of the matrix rate | device MiB | times ours | hours for 50,000 |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}
