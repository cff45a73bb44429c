import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import {
  byteSize,
  choice,
  collect,
  compressionLevel,
  helpAfterError,
  names,
  number,
  positiveNumber,
  wholeNumber,
  wholeNumbers,
  withCheckpoint,
  withConfig,
  withDataFlags,
  withPlugins,
} from "./flags.js";
import { pluginKinds } from "./pluginPackage/kinds.js";
import { formatNames } from "./report/formatNames.js";

/** Options that every command shares. */
export interface GlobalFlags {
  readonly verbose?: boolean;
}

/** The commands. What they do is loaded only when one is chosen. */
export function describeProgram(): Command {
  const program = new Command("metalearn")
    .description("Meta-train language models and compare the methods fairly.")
    .version(packageVersion())
    .option("-v, --verbose", "show where errors come from, and the engine's own log")
    .showHelpAfterError(helpAfterError)
    .exitOverride()
    .hook("preAction", (command) => {
      // Read by the engine when it is loaded.
      if (command.opts<GlobalFlags>().verbose) process.env.TF_CPP_MIN_LOG_LEVEL ??= "0";
    });
  addRuns(program);
  addResults(program);
  addCheckpoints(program);
  addModels(program);
  addConfigs(program);
  addData(program);
  addPlugins(program);
  addMachine(program);
  return program;
}

function addRuns(program: Command): void {
  const dryRun = ["--dry-run", "print estimated time and memory, and run nothing", false] as const;
  const resume = ["--resume", "only resume runs that were started before"] as const;

  withConfig(program.command("compare"))
    .description("train and evaluate every run of a config, and write one report")
    .option("--seeds <list>", "training seeds, such as 1,2,3", wholeNumbers)
    .option(...dryRun)
    .option("-p, --parallel <count>", "runs at a time, in processes of their own", positiveNumber)
    .option(...resume)
    .action(async (overrides, flags) =>
      (await import("./commands/compare.js")).compare(overrides, flags),
    );

  program
    .command("work", { hidden: true })
    .description("carry out one run of a list that compare wrote")
    .argument("<list>", "the list's file")
    .argument("<index>", "which run, from 0")
    .action(async (list, index) => (await import("./commands/work.js")).work(list, index));

  withConfig(program.command("train"))
    .description("train one run of a config")
    .option("-r, --run <name>", "which run, when the config compares several")
    .option(...dryRun)
    .option(...resume)
    .action(async (overrides, flags) =>
      (await import("./commands/train.js")).train(overrides, flags),
    );
}

function addResults(program: Command): void {
  program
    .command("report")
    .description("write the report of finished runs, without repeating any")
    .argument("<path>", "a run's folder, or one with runs in it")
    .addOption(choice("-f, --format <name>", "how it is written", formatNames).default("html"))
    .option("-o, --output <file>", "where to; otherwise report.html in the folder, or stdout")
    .action(async (path, flags) => (await import("./commands/report.js")).report(path, flags));

  program
    .command("watch")
    .description("show a run's progress in this terminal, until it is evaluated")
    .argument("<run>", "the run's folder")
    .option("--once", "show its state once, and exit", false)
    .action(async (run, flags) => (await import("./commands/watch.js")).watch(run, flags));
}

function addCheckpoints(program: Command): void {
  const what =
    "a run's folder, one with model.safetensors, a file of torch.save or GGUF, or a model on the hub";

  withCheckpoint(program.command("evaluate").argument("<path>", what), "evaluate.seeds=[100]")
    .description("score a trained run, a checkpoint, or a folder in Hugging Face format")
    .option("-o, --output <file>", "write the scores as JSON")
    .option("-p, --predictions <file>", "write the answer to every question, as JSON lines")
    .action(async (path, overrides, flags) =>
      (await import("./commands/evaluate.js")).evaluateCheckpoint(path, overrides, flags),
    );

  withCheckpoint(program.command("predict"), "evaluate.method=pmi")
    .description("ask a checkpoint questions: options, ranked by how likely they are, or free text")
    .requiredOption("--checkpoint <path>", what)
    .option("-i, --input <text>", "the question; without it, lines of JSON are read from stdin")
    .option("-o, --option <text>", "what may be answered; repeat it for every option", collect, [])
    .option("-d, --demonstration <text>", 'an example, "input => output"; repeatable', collect, [])
    .option("--demonstrations <file>", "examples as JSON lines, such as a task's k-shot file")
    .option("--json", "print a line of JSON for each question", false)
    .option("--generate", "answer in free text, whatever the answers of examples", false)
    .option("--chat", "answer in free text, as the model's chat template has it", false)
    .option("--max-new-tokens <n>", "longest answer in free text, in tokens", positiveNumber)
    .option("--temperature <x>", "0 for the likeliest text; above 0, tokens are drawn", number)
    .option("--top-k <n>", "draw from the n likeliest tokens", positiveNumber)
    .option("--top-p <x>", "draw from the likeliest tokens that have this probability", number)
    .option("--stop <text>", "where an answer in free text ends; repeatable", collect)
    .option("--seed <n>", "decides which tokens are drawn", wholeNumber)
    .action(async (overrides, flags) =>
      (await import("./commands/predict.js")).predict(overrides, flags),
    );

  const exported = program
    .command("export")
    .argument("<path>", what)
    .argument("<folder>", "where to, a new folder");
  withCheckpoint(exported, "model.tokenizer=byte")
    .description("write a checkpoint's model in Hugging Face's format, with its tokenizer")
    .addOption(
      choice("--dtype <name>", "of the tensors", ["float32", "float16", "bfloat16"]).default(
        "float32",
      ),
    )
    .action(async (path, folder, overrides, flags) =>
      (await import("./commands/export.js")).exportCheckpoint(path, folder, overrides, flags),
    );
}

function addModels(program: Command): void {
  const show = program
    .command("model")
    .description("describe a model")
    .command("show")
    .argument("<weights>", "a run, a folder, a file of torch.save or GGUF, or a model on the hub");
  withPlugins(show)
    .description("tell architecture, size, tokenizer and memory of a model, without loading it")
    .option("--revision <name>", "branch, tag or commit on the hub")
    .option("--json", "print the description as JSON", false)
    .action(async (weights, flags) =>
      (await import("./commands/modelShow.js")).showModel(weights, flags),
    );
}

function addConfigs(program: Command): void {
  program
    .command("init")
    .description("write a config with comments to begin with")
    .argument("[file]", "where to", "metalearn.config.yaml")
    .option("-p, --preset <name>", "quickstart, metaicl-paper or maml-en-llm-paper", "quickstart")
    .action(async (file, flags) => (await import("./commands/init.js")).init(file, flags));

  const config = program
    .command("config")
    .description("check a config, print it in full, or print its JSON Schema");
  withConfig(config.command("check"))
    .description("look for mistakes in every run of a config")
    .action(async (overrides, flags) =>
      (await import("./commands/config.js")).checkConfigFile(overrides, flags),
    );
  withConfig(config.command("show"))
    .description("print runs in full, with all defaults, as JSON")
    .option("-r, --run <name>", "which run; all of them when left out")
    .action(async (overrides, flags) =>
      (await import("./commands/config.js")).showConfig(overrides, flags),
    );
  config
    .command("schema")
    .description("print the JSON Schema of config files, for editors")
    .option("-c, --config <file>", "whose plugins to describe; metalearn's own when left out")
    .action(async (flags) => (await import("./commands/config.js")).printSchema(flags));
}

function addData(program: Command): void {
  const data = program
    .command("data")
    .description("check the data of tasks, add your own, download MetaICL's");

  withConfig(data.command("check"), { example: "tasks.shots=4" })
    .description("look for leaks, repeated rows, missing labels and text that does not fit")
    .option("--json", "print what is found as JSON", false)
    .option("--strict", "fail when there is a warning", false)
    .action(async (overrides, flags) =>
      (await import("./commands/dataCheck.js")).checkData(overrides, flags),
    );

  // Their arguments are those of the plugin that carries them out, which is asked for its help, too.
  const carriedOut = {
    add: "make a task of your own data",
    download: "get published data",
  } as const;
  for (const [action, description] of Object.entries(carriedOut) as [
    keyof typeof carriedOut,
    string,
  ][]) {
    withDataFlags(data.command(action))
      .description(`${description}; --help asks the plugin that does it`)
      .argument("[arguments...]", "of the plugin's command")
      .allowUnknownOption()
      .helpOption(false)
      .action(async (args, flags) =>
        (await import("./commands/data.js")).changeData(action, args, flags),
      );
  }
}

function addPlugins(program: Command): void {
  program
    .command("plugins")
    .description(
      "list the plugins that are installed, and what those that the config lists provide",
    )
    .option("-c, --config <file>", "the config file; by default the nearest metalearn.config.*")
    .option("--json", "print them as JSON", false)
    .action(async (flags) => (await import("./commands/plugins.js")).listPlugins(flags));

  program
    .command("plugin")
    .description("write a plugin of your own")
    .command("create")
    .description("write a package to begin with: source, tests, and all that publishing takes")
    .argument("<name>", "the package's name on npm, such as metalearn-my-method")
    .addOption(choice("-k, --kind <kind>", "what it provides", pluginKinds).default("learner"))
    .option("-d, --directory <folder>", "where to; otherwise a folder of that name")
    .action(async (name, flags) =>
      (await import("./commands/pluginCreate.js")).createPlugin(name, flags),
    );
}

function addMachine(program: Command): void {
  const cuda = ["--cuda", "the engine for NVIDIA GPUs, with its CUDA libraries", false] as const;

  withPlugins(program.command("setup"))
    .description("install the native engine: TensorFlow's library and the addon")
    .option(...cuda)
    .option("--force", "install again what is there", false)
    .action(async (flags) => (await import("./commands/setup.js")).setup(flags));

  withPlugins(program.command("pack"))
    .description("write metalearn with Node.js and the engine for machines without network")
    .argument("<folder>", "an empty folder for the parts and the script that unpacks them")
    .option(...cuda)
    .addOption(
      new Option("--part-size <size>", "of one file, such as 60M")
        .argParser(byteSize)
        .default(byteSize("1G"), "1G"),
    )
    .option("--lean", "leave out the CUDA libraries that training does not call", false)
    .option("--without <names>", "leave out some of them, such as nccl,curand", names, [])
    .option("--level <number>", "of compression, 0 for none to 9 for small", compressionLevel, 6)
    .option(
      "--package <name>",
      "a package to take along, such as a plugin; repeatable",
      collect,
      [],
    )
    .option(
      "--include <folder>",
      "a folder to take along, such as a project; repeatable",
      collect,
      [],
    )
    .action(async (folder, flags) => (await import("./commands/pack.js")).pack(folder, flags));

  withPlugins(program.command("doctor"))
    .description("print what this machine has, what is missing, and how to get it")
    .option("--json", "print the findings as JSON", false)
    .action(async (flags) => (await import("./commands/doctor.js")).doctor(flags));
}

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
