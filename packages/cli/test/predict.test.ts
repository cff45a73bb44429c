import { spawn } from "node:child_process";
import { cp } from "node:fs/promises";
import { program } from "@metalearn/test-support/command";
import { failureOf, type Project } from "@metalearn/test-support/project";
import { beforeAll, describe, expect, test } from "vitest";
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

/** JSON lines that `predict` prints for the lines that it reads. */
async function predictLines(args: readonly string[], lines: readonly unknown[]): Promise<Line[]> {
  const child = spawn(process.execPath, [program, "predict", "--json", ...args], {
    cwd: project.folder,
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  let text = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) text += chunk;
  const parts = text.trim().split("\n");
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
    const [ranked] = await predictLines([...args, "-i", "x", ...shown], []);
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
    [["-i", "x", "--top-k", "3"], "topK: expected only with a temperature above 0, such as 1"],
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
    expect(await failureOf(project, ["predict", "--checkpoint", run, ...args])).toContain(message);
  });

  test.each([
    ["not json", "[BAD_DATA] stdin:1: the line is not JSON: "],
    [
      '{"inptu": "x"}',
      '[BAD_DATA] stdin:1: "input": Invalid input: expected string, received undefined.',
    ],
    [
      '{"input": "x", "options": "a"}',
      '[BAD_DATA] stdin:1: "options": Invalid input: expected array',
    ],
  ])("explains the line %s", async (line, message) => {
    const child = spawn(process.execPath, [program, "predict", "--checkpoint", run], {
      cwd: project.folder,
      stdio: ["pipe", "ignore", "pipe"],
    });
    child.stdin.end(`${line}\n`);
    let text = "";
    for await (const chunk of child.stderr.setEncoding("utf8")) text += chunk;
    expect(text).toContain(message);
  });
});
