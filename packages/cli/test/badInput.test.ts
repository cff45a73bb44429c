import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveParams } from "@metalearn/core/files";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import type { Finished } from "@metalearn/test-support/command";
import { type Project, tinyRun } from "@metalearn/test-support/project";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runAll } from "./support/manyCommands.js";
import { projectWithTasks } from "./support/projectWithTasks.js";

const config = { ...tinyRun, runtime: { use: "cpu" } };
const pretrained = { ...config, model: { use: "gpt2", tokenizer: "byte", weights: "./weights" } };

/** A kind of bad input, and the one-line error for it. */
interface BadInput {
  readonly what: string;
  /** @default the config of a valid run */
  readonly config?: unknown;
  /** Breaks a file of a valid project, by its path. */
  readonly break?: readonly [file: string, how: (content: Buffer) => string | Buffer];
  /** @default training */
  readonly args?: readonly string[];
  readonly message: RegExp;
}

const train = ["train"];
const compare = ["compare"];
const trainingFile = "data/train_2/train_2_16384_100_train.jsonl";
const weightsFile = "weights/model.safetensors";

const text = (change: (text: string) => string) => (content: Buffer) =>
  change(content.toString("utf8"));

/** A setting with other tasks. */
const setting = (change: object) =>
  [
    "data/config/generated.json",
    text((json) => JSON.stringify({ ...JSON.parse(json), ...change })),
  ] as const;

/** Replaces the second row of a JSON Lines file. */
const row = (change: object) =>
  [
    trainingFile,
    text((lines) =>
      lines
        .split("\n")
        .map((line, i) => (i === 1 ? JSON.stringify({ ...JSON.parse(line), ...change }) : line))
        .join("\n"),
    ),
  ] as const;

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;

/** Replaces a safetensors file's header and keeps its bytes. */
const header = (change: (header: Header) => unknown, length?: bigint) =>
  [
    weightsFile,
    (file: Buffer) => {
      const end = 8 + Number(file.readBigUInt64LE());
      const json = JSON.parse(file.toString("utf8", 8, end));
      const changed = Buffer.from(JSON.stringify(change(json)));
      const prefix = Buffer.alloc(8);
      prefix.writeBigUInt64LE(length ?? BigInt(changed.length));
      return Buffer.concat([prefix, changed, file.subarray(end)]);
    },
  ] as const;

const wte = "transformer.wte.weight";

/** A safetensors file whose last tensor holds a value that is not finite. */
const last = (bits: number) =>
  [
    weightsFile,
    (file: Buffer) => {
      const changed = Buffer.from(file);
      changed.writeUInt32LE(bits, file.length - 4);
      return changed;
    },
  ] as const;

const weights = {
  config: pretrained,
  args: ["evaluate", "weights", "-c", "metalearn.config.yaml"],
};
const trainedOnWeights = { config: pretrained, args: train };

const table: readonly BadInput[] = [
  // The command line
  {
    what: "an override without a value",
    args: ["train", "train.steps"],
    message: /Expected key=value, got "train\.steps"/,
  },
  {
    what: "an override of another type",
    args: ["train", "train.steps=many"],
    message: /train\.steps: expected a whole number, got "many"/,
  },
  {
    what: "an override of a prototype",
    args: ["train", "__proto__.steps=1"],
    message: /with a key of a config, got "__proto__\.steps=1"/,
  },
  {
    what: "a config file that is not there",
    args: ["train", "-c", "none.yaml"],
    message: /none\.yaml: expected a config file, found none/,
  },
  {
    what: "an unknown run",
    args: ["train", "--run", "rnu"],
    message: /No run is called "rnu"\. Did you mean "run"\?/,
  },

  {
    what: "a folder for results that is a file",
    args: ["compare", "out=package.json"],
    message: /Expected a folder for out, got package\.json, which is a file/,
  },

  // The config
  { what: "an empty config", config: "", message: /MISSING_FILE\].*in this folder or above/ },
  {
    what: "a list as config",
    config: "- a\n- b\n",
    message: /expected keys and values, got a list/,
  },
  {
    what: "an unknown key",
    config: { ...config, trian: {} },
    message: /unknown key "trian"\. Did you mean "train"\?/,
  },
  {
    what: "an unknown learner",
    config: { ...config, learner: { use: "mamll" } },
    message: /No learner is called "mamll"\. Did you mean "maml"\?/,
  },
  {
    what: "an unknown option",
    config: { ...config, optimizer: { use: "sgd", learningRate: 1, momentun: 0.9 } },
    message: /unknown key "momentun"\. Did you mean "momentum"\?/,
  },
  {
    what: "a number that is none",
    config: `${JSON.stringify({ ...config, optimizer: undefined }).slice(0, -1)}, optimizer: { use: sgd, learningRate: .nan } }`,
    message: /learningRate: expected a number, got NaN/,
  },
  {
    what: "a number out of range",
    config: { ...config, train: { batchSize: 0 } },
    message: /train\.batchSize: expected a whole number of at least 1, got 0/,
  },
  {
    what: "a plugin that is not installed",
    config: { ...config, plugins: ["metalearn-none"] },
    message: /Plugin "metalearn-none" is not installed/,
  },
  {
    what: "a plugin that is none",
    config: { ...config, plugins: ["./package.json"] },
    message: /"\.\/package\.json" cannot be loaded/,
  },
  {
    what: "a run whose name leads elsewhere",
    config: { ...config, compare: { runs: { "../../away": {} } } },
    message: /expected a run's name of letters/,
  },
  {
    what: "a grid without values",
    config: { ...config, sweep: { "train.steps": [] } },
    message: /sweep\.train\.steps: expected a list of at least one value/,
  },
  {
    what: "a config that extends itself",
    config: { ...config, extends: "./metalearn.config.yaml" },
    message: /extends: expected other config files, got a circle/,
  },
  {
    what: "an unknown preset",
    config: { extends: "preset:quickstrat" },
    message: /No preset is called "quickstrat"\. Did you mean "quickstart"\?/,
  },
  {
    what: "a learner without an optimizer",
    config: { ...config, optimizer: undefined },
    message: /optimizer: expected one of .*, got nothing/,
  },
  {
    what: "no parameter of the name that is to be trained",
    config: { ...config, trainable: ["mlp.*"], tracker: { use: "tensorboard" } },
    message: /trainable: no parameter is called "mlp\.\*"/,
  },
  {
    what: "a comparison without a parameter of the name that is to be trained",
    config: { ...config, trainable: ["mlp.*"] },
    args: compare,
    message: /trainable: no parameter is called "mlp\.\*"/,
  },
  {
    what: "no parameter of the name that an inner loop is to change",
    config: {
      ...config,
      tracker: { use: "tensorboard" },
      learner: {
        use: "fomaml",
        adapt: ["head.*"],
        innerOptimizer: { use: "sgd", learningRate: 0.1 },
      },
    },
    args: compare,
    message: /adapt: no parameter is called "head\.\*"/,
  },
  {
    what: "an adapter for no matrix of the model",
    config: { ...config, adapter: { use: "lora", targets: ["nothing"] } },
    message: /lora: targets: no parameter is called "nothing"/,
  },
  {
    what: "a seed that there are no demonstrations for",
    config: { ...config, evaluate: { seeds: [100, 7] } },
    args: compare,
    message:
      /evaluate\.seeds: expected seeds that the task "held_out_1" has demonstrations for \(13, 100\b.*\), got 7\./,
  },
  {
    what: "a validation seed that there are no demonstrations for",
    config: {
      ...config,
      tasks: { ...config.tasks, devTasks: ["held_out_1"] },
      train: { ...config.train, validate: { seeds: [7] } },
    },
    message: /train\.validate\.seeds: expected seeds that the task "held_out_1" has .*, got 7\./,
  },
  {
    what: "a method for answers that the tasks do not score",
    config: {
      ...config,
      tasks: { ...config.tasks, method: "channel" },
      evaluate: { ...config.evaluate, method: "pmi" },
    },
    args: compare,
    message: /has no neutral questions, with which the method pmi compares/,
  },

  // The data
  {
    what: "a data folder that is not there",
    config: { ...config, tasks: { ...config.tasks, root: "none" } },
    message: /cannot be read: .* Is "root" right\?/,
  },
  {
    what: "an unknown setting",
    config: { ...config, tasks: { ...config.tasks, setting: "genrated" } },
    message: /No setting is called "genrated"\. Did you mean "generated"\?/,
  },
  {
    what: "a setting that leads elsewhere",
    config: { ...config, tasks: { ...config.tasks, setting: "../secret" } },
    message: /No setting is called "\.\.\/secret"/,
  },
  {
    what: "a setting that is cut short",
    break: ["data/config/generated.json", (content) => content.subarray(0, content.length / 2)],
    message: /generated\.json is not JSON/,
  },
  {
    what: "a setting of another shape",
    break: setting({ train: "all" }),
    message: /generated\.json: train: /,
  },
  {
    what: "a task whose name leads elsewhere",
    break: setting({ train: ["../../etc/passwd"] }),
    message: /train\.0: expected the name of a folder/,
  },
  {
    what: "a training task that is not there",
    break: setting({ train: ["nowhere"] }),
    message: /nowhere/,
  },
  {
    what: "a target that is not there",
    break: setting({ test: ["nowhere"], unseen_domain_test: [] }),
    message: /nowhere.* cannot be read/,
  },
  {
    what: "more demonstrations than there are",
    config: { ...config, tasks: { ...config.tasks, shots: 99 } },
    message: /For 99 shots of .* Lower shots/,
  },
  {
    what: "data that is cut short",
    break: [trainingFile, (content) => content.subarray(0, content.length - 20)],
    message: /_train\.jsonl:\d+: expected a JSON object, but the line is not JSON/,
  },
  {
    what: "an empty data file",
    break: [trainingFile, () => ""],
    message: /_train\.jsonl:1: the file is empty/,
  },
  {
    what: "data that is no text",
    break: [trainingFile, (content) => Buffer.concat([content, Buffer.of(0xff, 0xfe, 0x0a)])],
    message: /the line is not UTF-8 text/,
  },
  {
    what: "a row of another task",
    break: row({ task: "train_3" }),
    message: /_train\.jsonl:2: "task": expected "train_2"/,
  },
  {
    what: "an answer that is no option",
    break: row({ output: "perhaps" }),
    message: /_train\.jsonl:2: "output": expected one of the options/,
  },
  {
    what: "an input that is no text",
    break: row({ input: 7 }),
    message: /_train\.jsonl:2: "input": expected a string, got 7/,
  },

  // Checkpoints
  {
    what: "a checkpoint that is not there",
    args: ["evaluate", "none", "-c", "metalearn.config.yaml"],
    message: /none: expected a run with checkpoints, a folder with model\.safetensors/,
  },
  {
    what: "a record of a run that is no JSON",
    break: ["weights/run.json", () => "{"],
    args: ["evaluate", "weights"],
    message: /run\.json: expected JSON/,
  },
  {
    what: "weights that are not there",
    config: { ...config, model: { use: "gpt2", weights: "./none" } },
    message: /There is no checkpoint /,
  },
  {
    what: "weights of another architecture",
    ...trainedOnWeights,
    break: ["weights/config.json", text((json) => json.replace('"gpt2"', '"llama"'))],
    message: /config\.json is not a GPT-2 that can be loaded\. model_type/,
  },
  {
    what: "weights of another size",
    ...trainedOnWeights,
    break: ["weights/config.json", text((json) => json.replace('"n_embd": 16', '"n_embd": 32'))],
    message: /has shape \[.*\], but its configuration asks for/,
  },
  {
    what: "weights of another vocabulary",
    config: { ...pretrained, model: { ...pretrained.model, tokenizer: "gpt2" } },
    message: /The gpt2 tokenizer has 50257 tokens, but the model's vocabulary only 256/,
  },
  {
    what: "weights that are cut short",
    ...trainedOnWeights,
    break: [weightsFile, (file) => file.subarray(0, file.length - 4)],
    message: /It was probably cut short/,
  },
  {
    what: "weights of no bytes",
    ...trainedOnWeights,
    break: [weightsFile, () => ""],
    message: /it ends too early/,
  },
  {
    what: "a header of 2 GB",
    ...trainedOnWeights,
    break: header((json) => json, 2n ** 31n),
    message: /its header would be 2147483648 bytes long/,
  },
  {
    what: "a header that is no object",
    ...trainedOnWeights,
    break: header(() => [1]),
    message: /its header is not a JSON object/,
  },
  {
    what: "a header that is nested without end",
    ...trainedOnWeights,
    break: [
      weightsFile,
      () => {
        const json = `{"a":${"[".repeat(1e6)}`;
        const prefix = Buffer.alloc(8);
        prefix.writeBigUInt64LE(BigInt(json.length));
        return Buffer.concat([prefix, Buffer.from(json)]);
      },
    ],
    message: /its header is not a JSON object/,
  },
  {
    what: "a tensor beyond the file",
    ...trainedOnWeights,
    break: header((json) => ({
      ...json,
      [wte]: { ...json[wte], shape: [2 ** 40], data_offsets: [0, 2 ** 42] },
    })),
    message: /cannot be read|take[s]? |does not fill/,
  },
  {
    what: "tensors that overlap",
    ...trainedOnWeights,
    break: header((json) => ({ ...json, extra: json[wte] })),
    message: /takes the bytes .* but the tensors before it end at/,
  },
  {
    what: "a tensor of negative size",
    ...trainedOnWeights,
    break: header((json) => ({ ...json, [wte]: { ...json[wte], shape: [-256, -16] } })),
    message: /entry for tensor "transformer\.wte\.weight" is malformed/,
  },
  {
    what: "a tensor with the name of a prototype",
    ...trainedOnWeights,
    break: header((json) => JSON.parse(JSON.stringify(json).replace(wte, "__proto__"))),
    message: /no tensor can have this name: __proto__/,
  },
  {
    what: "a tensor of a type that is unknown",
    ...trainedOnWeights,
    break: header((json) => ({ ...json, [wte]: { ...json[wte], dtype: "I4" } })),
    message: /tensor "transformer\.wte\.weight" is I4; known types are F32/,
  },
  {
    what: "a tensor that is missing",
    ...trainedOnWeights,
    break: header((json) =>
      Object.fromEntries(
        Object.entries(json).map(([name, entry]) => [name.replace(wte, "h.0.attn.bias"), entry]),
      ),
    ),
    message: /1 tensors are missing, for example wte\.weight/,
  },
  {
    what: "shards that lead elsewhere",
    ...trainedOnWeights,
    break: [
      "weights/model.safetensors.index.json",
      () => JSON.stringify({ weight_map: { [wte]: "../../secret.safetensors" } }),
    ],
    message: /names a file elsewhere/,
  },
  {
    what: "weights with NaN",
    ...weights,
    break: last(0x7fc00000),
    message: /tensor ".*" holds NaN or infinity/,
  },
  {
    what: "weights with infinity",
    ...weights,
    break: last(0x7f800000),
    message: /tensor ".*" holds NaN or infinity/,
  },
  {
    what: "weights with NaN to train from",
    ...trainedOnWeights,
    break: last(0x7fc00000),
    message: /tensor ".*" holds NaN or infinity/,
  },
  {
    what: "weights with NaN to train from in a comparison",
    config: { ...pretrained, tracker: { use: "tensorboard" } },
    args: compare,
    break: last(0x7fc00000),
    message: /tensor ".*" holds NaN or infinity/,
  },
  {
    what: "weights with infinity that are compared as they are",
    config: { ...pretrained, learner: undefined },
    args: compare,
    break: last(0x7f800000),
    message: /tensor ".*" holds NaN or infinity/,
  },
];

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true, force: true }))));

/** Every file of a folder with its length in bytes. */
async function contents(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.sort();
}

let good: Project;
let before: string[][];
let after: string[][];
let results: Finished[];
beforeAll(async () => {
  good = await projectWithTasks(config);
  const model = gpt2(
    { layers: 1, width: 16, heads: 2, maxTokens: 64, vocabularySize: 256 },
    byteTokenizer,
  );
  await saveParams(model, await model.init(1), good.path("weights"));
  const works = [
    { cwd: good.folder, args: ["train", "out=elsewhere"] },
    { cwd: good.folder, args: ["config", "check"] },
  ];
  const lines = await Promise.all(
    table.map(async ({ config: own, break: broken, args = train }) => {
      const folder = await mkdtemp(join(tmpdir(), "metalearn-bad-"));
      folders.push(folder);
      await cp(good.folder, folder, { recursive: true });
      if (own !== undefined) {
        const content = typeof own === "string" ? own : JSON.stringify(own);
        await writeFile(join(folder, "metalearn.config.yaml"), content);
      }
      if (broken) {
        const path = join(folder, broken[0]);
        const content = await readFile(path).catch(() => Buffer.alloc(0));
        await writeFile(path, broken[1](content));
      }
      return { cwd: folder, args };
    }),
  );
  before = await Promise.all(lines.map(({ cwd }) => contents(cwd)));
  results = await runAll([...lines, ...works]);
  after = await Promise.all(lines.map(({ cwd }) => contents(cwd)));
});

test("the project that is broken below works", () => {
  expect(results.slice(table.length).map(({ code }) => code)).toEqual([0, 0]);
});

test.each(table.map(({ what, message }, i) => [what, message, i] as const))(
  "%s: one line, exit code 2, nothing written",
  (_, message, i) => {
    const { code, stdout, stderr } = results[i] as Finished;
    // Notices may precede it, such as which data were opened. The last line is the whole error.
    const error = stderr.split("\n").at(-2);
    expect(error).toMatch(/^\[[A-Z_]+\] /);
    expect(error).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(after[i]).toEqual(before[i]);
  },
);
