import { spawn } from "node:child_process";
import { cp } from "node:fs/promises";
import { program } from "@metalearn/test-support/command";
import { failureOf, type Project } from "@metalearn/test-support/project";
import { beforeAll, describe, expect, test } from "vitest";
import { openCheckpoint } from "../src/index.js";
import { projectWithTasks } from "./support/projectWithTasks.js";

const run = "runs/run-seed100";
const model = `${run}/checkpoints/00000008/model`;
const options = ["--option", "ant", "--option", "bee"];
const shown = ["-d", "ant bat => ant", "-d", "bat bee => bee"];

let project: Project;
beforeAll(async () => {
  project = await projectWithTasks();
  expect((await project.metalearn(["train"])).code).toBe(0);
  await cp(project.path(model), project.path("copy"), { recursive: true });
});

interface Line {
  readonly input: string;
  readonly prediction: string;
  readonly options: readonly { option: string; probability: number; score: number }[];
}

interface FreeLine {
  readonly input: string;
  readonly prediction: string;
  readonly finishReason: string;
}

/** What `predict` prints for a text or bytes that it reads. */
async function predictText(args: readonly string[], input: string | Buffer) {
  const child = spawn(process.execPath, [program, "predict", "--json", ...args], {
    cwd: project.folder,
    stdio: "pipe",
  });
  child.stdin.end(input);
  const textOf = async (stream: NodeJS.ReadableStream) => {
    let text = "";
    for await (const chunk of stream.setEncoding("utf8")) text += chunk;
    return text;
  };
  const [stdout, stderr] = await Promise.all([child.stdout, child.stderr].map(textOf));
  return { stdout: stdout as string, stderr: stderr as string };
}

/** JSON lines that `predict` prints for the lines that it reads. */
async function predictLines(args: readonly string[], lines: readonly unknown[]): Promise<Line[]> {
  const input = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const { stdout } = await predictText(args, input);
  const parts = stdout.trim().split("\n");
  return parts.map((line) => JSON.parse(line) as Line);
}

describe("predict", () => {
  test("prints the options of a question, the likeliest first", async () => {
    const args = ["predict", "--checkpoint", run, "-i", "ant bee", ...options, ...shown];
    const { code, stdout } = await project.metalearn(args);
    expect(code).toBe(0);
    const [input, ...lines] = stdout.trimEnd().split("\n");
    expect(input).toBe("ant bee");
    const found = lines.map((line) => /^ +([\d.]+) % +([\d.]+) nats\/token {2}(\w+)$/.exec(line));
    expect(found.map((match) => match?.[3]).sort()).toEqual(["ant", "bee"]);
    const [first, second] = found.map((match) => Number(match?.[1])) as [number, number];
    expect(first).toBeGreaterThanOrEqual(second);
    expect(first + second).toBeCloseTo(100, 0);
  });

  test("gives what the evaluation of the same question gave", async () => {
    const evaluated = await project.metalearn([
      "evaluate",
      run,
      "evaluate.seeds=[13]",
      "-p",
      "a.jsonl",
    ]);
    expect(evaluated.code).toBe(0);
    const [answer] = ((await project.read("a.jsonl")) ?? "")
      .split("\n")
      .map((line) => line && JSON.parse(line));
    const folder = `data/${answer.task}/${answer.task}_4_13`;
    const [question] = ((await project.read(`${folder}_test.jsonl`)) ?? "").split("\n");
    const first = ((await project.read(`${folder}_train.jsonl`)) ?? "").split("\n").slice(0, 2);
    await project.write("two.jsonl", first.join("\n"));
    const args = ["--checkpoint", run, "--demonstrations", "two.jsonl"];
    const [line] = await predictLines(args, [JSON.parse(question ?? "")]);
    expect(line?.prediction).toBe(answer.prediction);
    for (const { option, score } of line?.options ?? []) {
      expect(score).toBeCloseTo(answer.scores[answer.options.indexOf(option)], 4);
    }
    // Softmax of the scores, computed by hand.
    const weights = (line?.options ?? []).map(({ score }) => Math.exp(-score));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    line?.options.forEach(({ probability }, i) => {
      expect(probability).toBeCloseTo(Number(weights[i]) / total, 6);
    });
  });

  test("answers in free text where there are no options, or on request", async () => {
    const args = ["--checkpoint", run, "--max-new-tokens", "5"];
    const free = async (more: readonly string[], lines: readonly unknown[] = []) =>
      (await predictLines([...args, ...more], lines)) as unknown as FreeLine[];
    const [greedy] = await free(["-i", "ant bee"]);
    expect(Object.keys(greedy ?? {})).toEqual(["input", "prediction", "finishReason"]);
    const plain = await project.metalearn(["predict", ...args, "-i", "ant bee"]);
    expect(plain.stdout).toBe(`${greedy?.prediction}\n`);
    // Different answers of demonstrations are options, unless free text is asked for.
    const [ranked] = await predictLines([...args.slice(0, 2), "-i", "x", ...shown], []);
    expect(ranked?.options).toHaveLength(2);
    const [written] = await free(["-i", "x", "--generate", ...shown]);
    expect(written?.finishReason).toMatch(/^(stop|length)$/);
    expect(written?.prediction).not.toContain("\n");
    // Drawn at a high temperature: the same seed gives the same text, another one another.
    const hot = ["-i", "ant bee", "--temperature", "3", "--top-k", "50", "--top-p", "0.99"];
    const [one, same, other] = [
      await free([...hot, "--seed", "1"]),
      await free([...hot, "--seed", "1"]),
      await free([...hot, "--seed", "2"]),
    ];
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  test("reads a checkpoint away from its run and its data as a GPT-2", async () => {
    const args = ["-i", "ant bee", ...options, ...shown, "model.tokenizer=byte"];
    const [away] = await predictLines(["--checkpoint", "copy", "runtime.use=wasm", ...args], []);
    const [own] = await predictLines(["--checkpoint", model, ...args.slice(0, -1)], []);
    expect(away).toEqual(own);
  });

  test("adapts to the demonstrations, and compares with a neutral question, if the config says so", async () => {
    const learner = { use: "fine-tune", innerSteps: 3 };
    const inner = { ...learner, innerOptimizer: { use: "sgd", learningRate: 0.5 } };
    const questions = [
      {
        input: "ant bee",
        demonstrations: [
          { input: "ant bat", output: "ant" },
          { input: "bee cat", output: "bee" },
        ],
      },
      { input: "ant bee", options: ["ant", "bee", "cat"] },
    ];
    const args = ["--checkpoint", run, ...shown];
    const plain = await predictLines(args, questions);
    expect(plain.map(({ options }) => options.length)).toEqual([2, 3]);
    const adapted = await predictLines(
      [...args, `evaluate.adapt=${JSON.stringify(inner)}`],
      questions,
    );
    const calibrated = await predictLines([...args, "evaluate.method=pmi"], questions);
    const scores = (lines: Line[]) =>
      lines.map((line) =>
        Object.fromEntries(line.options.map(({ option, score }) => [option, score])),
      );
    for (const [i, own] of scores(plain).entries()) {
      for (const option of Object.keys(own)) {
        // Three steps on two examples make both answers likelier; a difference is less than its minuend.
        if (option !== "cat")
          expect(scores(adapted)[i]?.[option]).toBeLessThan(Number(own[option]));
        expect(scores(calibrated)[i]?.[option]).toBeLessThan(Number(own[option]));
      }
    }
  });

  test.each([
    [
      ["-i", "x", "-o", "a"],
      "[BAD_OPTION] the question: a question needs at least 2 options to choose from, or none for an answer in free text, but has 1.",
    ],
    [
      ["-i", "x", ...options, "--generate"],
      "[BAD_OPTION] the question: expected no options for an answer in free text, got 2.",
    ],
    [["-i", "x", "--chat"], "has no chat template, by which messages are written."],
    [
      ["-i", "x", "--top-k", "3"],
      "[BAD_OPTION] --top-k: expected only with a temperature above 0, such as 1",
    ],
    [
      ["-i", "x", "--temperature", "-1"],
      "[BAD_OPTION] --temperature: expected a number of at least 0",
    ],
    [
      ["-i", "x", "--seed", "3"],
      "[BAD_OPTION] --seed decides which tokens are drawn, but at temperature 0",
    ],
    [
      ["-i", "x", "--max-new-tokens", "99"],
      "[BAD_OPTION] gpt2 reads at most 64 tokens, but the prompt has 1, and 99 are to follow. Lower --max-new-tokens to 64 or less.",
    ],
    [
      ["-i", "x".repeat(60), "--max-new-tokens", "9"],
      "and 9 are to follow. Shorten the prompt, or lower --max-new-tokens.",
    ],
    [
      ["-i", "x", ...options, "--temperature", "1", "--stop", "."],
      "[BAD_OPTION] Expected --temperature, --stop with an answer in free text, but the question has 2 options, which are ranked.",
    ],
    [
      ["-i", "x", "--plugin", "./plugin.mjs"],
      "[BAD_OPTION] --plugin ./plugin.mjs: expected a plugin with a component that is used here, but it provides only other.",
    ],
    [
      ["-i", "x", "tasks.method=channel"],
      'Answers to the free-form task "question" are generated, which the channel method cannot',
    ],
    [
      ["-i", "x", "-d", "a, b"],
      '[BAD_OPTION] expected a demonstration as "input => output", got "a, b".',
    ],
    [["-i", "x", "--demonstrations", "none.jsonl"], "[MISSING_FILE] none.jsonl cannot be read: "],
    [["-i", "x", ...options, "--checkpoint", "nowhere"], "[MISSING_FILE] There is no checkpoint "],
    [
      ["-i", "x", ...options, "evaluate.method=majority"],
      "[BAD_OPTION] evaluate.method: expected a method that uses a model, got majority.",
    ],
    [
      ["-i", "x", ...options, "tasks.method=channel", "evaluate.method=pmi"],
      "has no neutral questions",
    ],
    [
      ["-i", "", ...options, "tasks.method=channel"],
      "[BAD_DATA] question:1: an empty input leaves nothing to score",
    ],
    [
      ["-i", "x", "-o", "a", "-o", "b".repeat(99)],
      "[BAD_DATA] question:1: the answer is 38 tokens too long",
    ],
  ])("explains %j", async (args, message) => {
    const learner = "{ options: {}, create() {} }";
    await project.write(
      "plugin.mjs",
      `export default { name: "mine", learners: { other: ${learner} } };`,
    );
    expect(await failureOf(project, ["predict", "--checkpoint", run, ...args])).toContain(message);
  });

  test("explains what is wrong before the parameters are read", async () => {
    await cp(project.path(model), project.path("broken"), { recursive: true });
    await project.write("broken/model.safetensors", "no tensors");
    const args = ["predict", "--checkpoint", "broken", "-c", "metalearn.config.yaml", "-i", "x"];
    expect(await failureOf(project, [...args, "--max-new-tokens", "99"])).toContain(
      "Lower --max-new-tokens",
    );
    expect(await failureOf(project, args)).toContain("[BAD_CHECKPOINT]");
  });

  test("reads questions to published parameters up to the model's limit, others up to that of their tasks", async () => {
    const limitOf = async (path: string) =>
      (await openCheckpoint(project.path(path))).config.tasks.maxTokens;
    expect(await limitOf("copy")).toBe("model");
    expect(await limitOf(run)).toBeUndefined(); // MetaICL's, as in training
  });

  test("tells how much of a question is read", async () => {
    // Of 64 tokens 2 stay free, and "\nant" takes 4.
    const args = ["-i", "ant bee ".repeat(12), ...options];
    const cut = await predictText(["--checkpoint", run, ...args], "");
    expect(cut.stderr).toContain(
      "The question was cut: its first 58 of 96 tokens are read. The limit is that of tasks.maxExampleTokens and tasks.maxTokens; gpt2 reads up to 64 tokens.\n",
    );
    expect(JSON.parse(cut.stdout).options).toHaveLength(2);
    const lines = await predictText(
      ["--checkpoint", run],
      `{"input": "a", "options": ["b", "c"]}\n{"input": "${"a".repeat(90)}", "options": ["b", "c"]}\n`,
    );
    expect(lines.stderr).toContain("stdin:2: The question was cut: its first 60 of 90 tokens");
    expect(lines.stderr).not.toContain("stdin:1");
    const short = [
      "--checkpoint",
      run,
      ...args.slice(0, 2),
      ...options,
      "tasks.maxExampleTokens=20",
    ];
    expect((await predictText(short, "")).stderr).toContain("its first 14 of 96 tokens are read");
  });

  test("reads lines of UTF-8, with a byte order mark or without", async () => {
    const line = (input: string) => JSON.stringify({ input, options: ["ant", "bee"] });
    const text = `\ufeff${line("a\u2028b")}\r\n\n${line("c")}`;
    const { stdout, stderr } = await predictText(
      ["--checkpoint", run, "--max-new-tokens", "3"],
      text,
    );
    const inputs = stdout
      .trim()
      .split("\n")
      .map((own) => JSON.parse(own).input);
    expect(inputs).toEqual(["a\u2028b", "c"]);
    expect(stderr).toContain(
      "--max-new-tokens had no effect: every question had options, which were ranked.",
    );
    const bytes = Buffer.concat([Buffer.from(`${line("a")}\n`), Buffer.from([0x22, 0xff, 0x22])]);
    const broken = await predictText(["--checkpoint", run], bytes);
    expect(JSON.parse(broken.stdout).input).toBe("a");
    expect(broken.stderr).toBe(
      "[BAD_DATA] stdin:2: expected text in UTF-8, got other bytes. Convert it, for example with iconv -t UTF-8.\n",
    );
    await project.write("shots.jsonl", '\ufeff{"input": "a", "output": "b"}\n');
    const shots = ["--checkpoint", run, "--demonstrations", "shots.jsonl", "-i", "x", ...options];
    expect(JSON.parse((await predictText(shots, "")).stdout).options).toHaveLength(2);
  });

  test.each([
    ["not json", "[BAD_DATA] stdin:1: the line is not JSON: "],
    ["[]", "[BAD_DATA] stdin:1: expected keys and values, got []."],
    [
      '{"inptu": "x"}',
      '[BAD_DATA] stdin:1: input: expected a string, got nothing.\nunknown key "inptu". Did you mean "input"? Known: demonstrations, input, options, output, task.',
    ],
    [
      '{"input": "x", "option": ["a", "b"]}',
      '[BAD_DATA] stdin:1: unknown key "option". Did you mean "options"? Known: ',
    ],
    ['{"input": "x", "options": "a"}', '[BAD_DATA] stdin:1: options: expected a list, got "a".'],
  ])("explains the line %s", async (line, message) => {
    expect((await predictText(["--checkpoint", run], `${line}\n`)).stderr).toContain(message);
  });
});
