import { type AddDataOptions, MetaError } from "@metalearn/core";
import { dataSupport, parseCount } from "../data/dataSupport.js";
import { parseSeeds } from "../seeds.js";

/** Flags of `metalearn data add`. */
export interface DataAddFlags {
  readonly task: string;
  readonly root: string;
  readonly setting: string;
  readonly use: string;
  readonly unseen: boolean;
  readonly input: readonly string[];
  readonly output?: string;
  readonly options?: string;
  readonly label: readonly string[];
  readonly type?: string;
  readonly shots: string;
  readonly seeds: string;
  readonly testRows?: string;
}

const types = ["classification", "multi-choice", "free-form"] as const;
const uses = ["train", "target", "both"] as const;

/** Makes a task of a user's own data and says what was made of what. */
export async function addData(source: string, flags: DataAddFlags): Promise<void> {
  const { task, root, setting, use, unseen, input, output, options, label, type } = flags;
  const asked: AddDataOptions = {
    ...{ source, task, root, setting, input, output, options, unseenDomain: unseen },
    use: oneOf("use", use, uses),
    type: type === undefined ? undefined : oneOf("type", type, types),
    labels: label.length > 0 ? label : undefined,
    shots: parseCount("shots", flags.shots),
    seeds: parseSeeds(flags.seeds),
    testRows: flags.testRows === undefined ? undefined : parseCount("test-rows", flags.testRows),
  };
  const added = await (await dataSupport()).add(asked);
  const { columns, labels } = added;
  console.log(
    `${added.folder}: ${added.trainRows} rows to train on or show, ${added.testRows} to test on`,
  );
  console.log(`input: ${columns.input.join(" [SEP] ")}; output: ${columns.output}`);
  console.log(`${added.type}${labels.length > 0 ? `: ${labels.join(", ")}` : ""}`);
  console.log(`Next: tasks: { use: crossfit, root: ${root}, setting: ${setting} }`);
}

/** @throws MetaError `BAD_OPTION` */
function oneOf<T extends string>(flag: string, value: string, known: readonly T[]): T {
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new MetaError(
    "BAD_OPTION",
    `--${flag}: expected one of ${known.join(", ")}, got "${value}".`,
  );
}
