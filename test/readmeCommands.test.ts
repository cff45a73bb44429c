import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeDataCommand, describeProgram } from "@metalearn/cli";
import { parseOverrides } from "@metalearn/core/runs";
import crossfit from "@metalearn/datasets-crossfit";
import { expect, test } from "vitest";
import { configMistakes } from "./support/configMistakes.js";
import { blocksIn } from "./support/documents.js";
import { publishedPackages } from "./support/publishedPackages.js";
import { shellCommands } from "./support/shellCommands.js";

const root = join(import.meta.dirname, "..");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const packages = publishedPackages.map((name) => `@metalearn/${name}`);

type Command = ReturnType<typeof describeProgram>;

/** Mistakes in the words after `metalearn`: commands, options, arguments and config keys. */
function metalearnMistakes(words: readonly string[]): string[] {
  let command: Command = describeProgram();
  let rest = [...words];
  while (command.commands.length > 0) {
    const next = command.commands.find((other) => other.name() === rest[0]);
    if (!next) return rest[0]?.startsWith("-") ? [] : [`${command.name()}: no command ${rest[0]}`];
    [command, rest] = [next as Command, rest.slice(1)];
  }
  const { operands, unknown } = ownCommand(command).parseOptions(rest);
  const changes = operands.filter((word) => /^[\w.]+=/.test(word));
  const others = operands.length - changes.length;
  const wanted = ownCommand(command).registeredArguments.filter(({ variadic }) => !variadic);
  return [
    ...unknown.map((option) => `${command.name()}: no option ${option}`),
    ...(others < wanted.filter(({ required }) => required).length
      ? ["an argument is missing"]
      : []),
    ...(others > wanted.length ? [`${command.name()}: too many arguments`] : []),
    ...configMistakes(parseOverrides(changes.map((change) => change.replace(/\$\w+/g, "")))),
  ];
}

/** The command itself, or what a plugin has for it. */
function ownCommand(command: Command): Command {
  const action = command.name() as "add" | "download";
  const own = command.parent?.name() === "data" && crossfit.data.crossfit[action];
  return own ? describeDataCommand(action, own) : command;
}

/** Mistakes in a command, if it belongs to this repository. */
function mistakes(words: readonly string[]): string[] {
  const [program = "", ...rest] = words;
  const [first = "", ...others] = rest;
  if (program === "metalearn") return metalearnMistakes(rest);
  if (program === "npx" && first === "metalearn") return metalearnMistakes(others);
  if (program === "npx" && first.startsWith("@metalearn/cli")) return metalearnMistakes(others);
  if (program === "npx" && first === "tsx")
    return others[0]?.includes("/") ? missing(others[0]) : [];
  if (program === "npm" && first === "install") {
    return others
      .filter((name) => name.startsWith("@metalearn/") && !packages.includes(name))
      .map((name) => `no package ${name}`);
  }
  if (program === "npm" && first === "run") {
    const [script = "", dashes, ...args] = others;
    if (script === "metalearn" && dashes === "--") return metalearnMistakes(args);
    return script in scripts ? [] : [`no script ${script}`];
  }
  if (program === "node" && /^(scripts|packages|examples)\//.test(first)) return missing(first);
  return [];
}

function missing(file: string): string[] {
  return existsSync(join(root, file)) ? [] : [`no file ${file}`];
}

const blocks = ["sh", "console", "bash"].flatMap((language) => blocksIn(language));

/** Mistakes in a script. After a `cd`, scripts and files are those of another project. */
function mistakesIn(script: string): string[] {
  const commands = shellCommands(script);
  const left = commands.findIndex(([program]) => program === "cd");
  return commands
    .filter(([program, first], index) => left < 0 || index < left || isOwn(program, first))
    .flatMap(mistakes);
}

function isOwn(program: string | undefined, first: string | undefined): boolean {
  return program === "metalearn" || (program === "npx" && /metalearn/.test(first ?? ""));
}

test.each(blocks)("$file, line $line, has commands that exist", ({ code }) => {
  expect(mistakesIn(code)).toEqual([]);
});

test.each([
  "npx metalearn compare",
  "metalearn report runs/first --format csv > scores.csv",
  'npx metalearn predict --checkpoint a --input "cat dog" --option cat < questions.jsonl',
  "METALEARN_CACHE=/tmp npx metalearn setup --cuda # once",
  "npx metalearn evaluate runs/a evaluate.method=pmi && npm run bench -- --only score",
  "npx metalearn train \\\n  --run metaicl seed=3",
  "cd elsewhere\nnpm run compare",
])("%s is right", (script) => {
  expect(mistakesIn(script)).toEqual([]);
});

test.each([
  "npx metalearn compair",
  "npx metalearn data chek",
  "npx metalearn data add a.csv --tsk films",
  "npx metalearn compare --seed 1",
  "npx metalearn evaluate",
  "npx metalearn report a b",
  "npx metalearn compare train.step=1",
  "ls && npm run metalearn -- watch",
  "npm run benhc",
  "npm install @metalearn/clli",
  "node scripts/quikstart.mjs",
  "cd elsewhere && metalearn compair",
])("%s is found to be wrong", (script) => {
  expect(mistakesIn(script)).not.toEqual([]);
});
