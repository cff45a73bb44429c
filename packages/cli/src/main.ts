import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { wrongInput } from "./exitCodes.js";

/** Options that every command shares. */
interface GlobalFlags {
  readonly verbose?: boolean;
}

/**
 * Runs the command line and returns the exit code: 0 for success, 2 when what was given is wrong, 130
 * when the user interrupted, 1 for any other error.
 */
export async function main(args: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.off("error", ignoreClosedPipe).on("error", ignoreClosedPipe); // once, however often called
  }
  const program = describeProgram();
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongInput;
    // Loaded only now, so that help is quick.
    const { printError } = await import("./failure.js");
    return printError(error, program.opts<GlobalFlags>().verbose ?? false);
  }
}

/** The commands. What they do is loaded only when one is chosen. */
export function describeProgram(): Command {
  const program = new Command("metalearn")
    .description("Meta-train language models and compare the methods fairly.")
    .version(packageVersion())
    .option("-v, --verbose", "show where errors come from, and the engine's own log")
    .showHelpAfterError("(--help shows what there is.)")
    .exitOverride()
    .hook("preAction", (command) => {
      // Read by the engine when it is loaded.
      if (command.opts<GlobalFlags>().verbose) process.env.TF_CPP_MIN_LOG_LEVEL ??= "0";
    });

  program
    .command("compare")
    .description("train and evaluate every run of a config, and write one report")
    .argument("[key=value...]", "changes to the config, such as train.steps=500")
    .option("-c, --config <file>", "the config file; found by itself when left out")
    .option("--seeds <list>", "training seeds, such as 1,2,3")
    .option("--dry-run", "print what it would take, and do none of it", false)
    .option("-p, --parallel <count>", "runs at a time, in processes of their own")
    .option("--resume", "only go on with what was begun before")
    .action(async (overrides, flags) =>
      (await import("./commands/compare.js")).compare(overrides, flags),
    );

  program
    .command("work", { hidden: true })
    .description("carry out one run of a plan that compare wrote")
    .argument("<plan>", "the plan's file")
    .argument("<index>", "which run, from 0")
    .action(async (plan, index) => (await import("./commands/work.js")).work(plan, index));

  program
    .command("train")
    .description("train one run of a config")
    .argument("[key=value...]", "changes to the config, such as train.steps=500")
    .option("-c, --config <file>", "the config file; found by itself when left out")
    .option("-r, --run <name>", "which run, when the config compares several")
    .option("--dry-run", "print what it would take, and do none of it", false)
    .option("--resume", "only go on with what was begun before")
    .action(async (overrides, flags) =>
      (await import("./commands/train.js")).train(overrides, flags),
    );

  program
    .command("evaluate")
    .description("score a trained run, a checkpoint, or a folder in Hugging Face format")
    .argument("<path>", "a run's folder, one with model.safetensors, or a file of torch.save")
    .argument("[key=value...]", "changes to the config, such as evaluate.seeds=[100]")
    .option("-c, --config <file>", "the config file, for a checkpoint without a run")
    .option("-o, --output <file>", "write the scores as JSON")
    .option("-p, --predictions <file>", "write the answer to every question, as JSON lines")
    .action(async (path, overrides, flags) =>
      (await import("./commands/evaluate.js")).evaluateCheckpoint(path, overrides, flags),
    );

  program
    .command("init")
    .description("write a config with comments to begin with")
    .argument("[file]", "where to", "metalearn.config.yaml")
    .option("-p, --preset <name>", "quickstart, metaicl-paper or maml-en-llm-paper", "quickstart")
    .action(async (file, flags) => (await import("./commands/init.js")).init(file, flags));

  const config = program
    .command("config")
    .description("check a config, show what it amounts to, or describe what it may hold");
  config
    .command("check")
    .description("look for mistakes in every run of a config")
    .argument("[key=value...]", "changes to the config, such as train.steps=500")
    .option("-c, --config <file>", "the config file; found by itself when left out")
    .action(async (overrides, flags) =>
      (await import("./commands/config.js")).checkConfigFile(overrides, flags),
    );
  config
    .command("show")
    .description("print runs in full, with all defaults, as JSON")
    .argument("[key=value...]", "changes to the config, such as train.steps=500")
    .option("-c, --config <file>", "the config file; found by itself when left out")
    .option("-r, --run <name>", "which run; all of them when left out")
    .action(async (overrides, flags) =>
      (await import("./commands/config.js")).showConfig(overrides, flags),
    );
  config
    .command("schema")
    .description("print the JSON Schema of config files, for editors")
    .option("-c, --config <file>", "whose plugins to describe; metalearn's own when left out")
    .action(async (flags) => (await import("./commands/config.js")).printSchema(flags));

  program
    .command("report")
    .description("write the report of finished runs, without repeating any")
    .argument("<path>", "a run's folder, or one with runs in it")
    .option("-f, --format <name>", "html, md, csv, latex or json", "html")
    .option("-o, --output <file>", "where to; otherwise report.html in the folder, or stdout")
    .action(async (path, flags) => (await import("./commands/report.js")).report(path, flags));

  program
    .command("watch")
    .description("show how a run goes on, in this terminal, until it is evaluated")
    .argument("<run>", "the run's folder")
    .option("--once", "show where it stands, and end", false)
    .action(async (run, flags) => (await import("./commands/watch.js")).watch(run, flags));

  program
    .command("predict")
    .description("ask a checkpoint questions: the options, ranked by how likely they are")
    .argument("[key=value...]", "changes to the run's config, such as evaluate.method=pmi")
    .requiredOption("--checkpoint <path>", "a run's folder, one with model.safetensors, or a .pt")
    .option("-c, --config <file>", "the config file, for a checkpoint without a run")
    .option("-i, --input <text>", "the question; without it, lines of JSON are read from stdin")
    .option("-o, --option <text>", "what may be answered; repeat it for every option", collect, [])
    .option("-d, --demonstration <text>", 'an example, "input => output"; repeatable', collect, [])
    .option("--demonstrations <file>", "examples as JSON lines, such as a task's k-shot file")
    .option("--json", "print a line of JSON for each question", false)
    .action(async (overrides, flags) =>
      (await import("./commands/predict.js")).predict(overrides, flags),
    );

  program
    .command("export")
    .description("write a checkpoint's model in Hugging Face's format, with its tokenizer")
    .argument("<path>", "a run's folder, one with model.safetensors, or a file of torch.save")
    .argument("<folder>", "where to, a new folder")
    .argument("[key=value...]", "changes to the config, such as model.tokenizer=byte")
    .option("-c, --config <file>", "the config file, for a checkpoint without a run")
    .option("--dtype <name>", "float32, float16 or bfloat16", "float32")
    .action(async (path, folder, overrides, flags) =>
      (await import("./commands/export.js")).exportCheckpoint(path, folder, overrides, flags),
    );

  const data = program
    .command("data")
    .description("check the data of tasks, add your own, download MetaICL's");

  data
    .command("check")
    .description("look for leaks, repeated rows, missing labels and text that does not fit")
    .argument("[key=value...]", "changes to the config, such as tasks.shots=4")
    .option("-c, --config <file>", "the config file; found by itself when left out")
    .option("--json", "print what is found as JSON", false)
    .option("--strict", "fail when there is a warning", false)
    .action(async (overrides, flags) =>
      (await import("./commands/dataCheck.js")).checkData(overrides, flags),
    );

  data
    .command("add")
    .description(
      "make a task of your own data: CSV, TSV, JSON, JSON lines, Parquet, or a folder of splits",
    )
    .argument("<source>", "a file, or a folder with train.* and test.*")
    .requiredOption("--task <name>", "what the task is to be called")
    .option("--root <folder>", "the data folder", "data")
    .option("--setting <name>", "the list of tasks that it joins", "own")
    .option("--use <use>", "train, target, or both", "target")
    .option("--unseen", "no training task shares the target's domain", false)
    .option("--input <column>", "a column of the input; repeat it for several", collect, [])
    .option("--output <column>", "the column of the answer")
    .option("--options <column>", "the column of what may be answered, where rows differ")
    .option("--label <name>", "the name of label 0, 1, ...; repeat it for every label", collect, [])
    .option("--type <type>", "classification, multi-choice or free-form; guessed when left out")
    .option("--shots <number>", "demonstrations of a target", "16")
    .option("--seeds <list>", "seeds of the demonstrations", "100,13,21,42,87")
    .option("--test-rows <number>", "rows to test on, where the data has no split for that")
    .action(async (source, flags) =>
      (await import("./commands/dataAdd.js")).addData(source, flags),
    );

  data
    .command("download")
    .description("get the files of a setting's tasks: MetaICL's, or of another data set on the hub")
    .argument("<setting>", "such as hr_to_lr")
    .option("--root <folder>", "the data folder", "data")
    .option("--repository <name>", "a data set on the Hugging Face hub")
    .option("--revision <name>", "its branch, tag or commit")
    .option("--shots <number>", "demonstrations of a target", "16")
    .action(async (setting, flags) =>
      (await import("./commands/dataDownload.js")).downloadData(setting, flags),
    );

  program
    .command("plugins")
    .description(
      "list the plugins that are installed, and what those that the config lists provide",
    )
    .option("-c, --config <file>", "the config file; found by itself when left out")
    .option("--json", "print them as JSON", false)
    .action(async (flags) => (await import("./commands/plugins.js")).listPlugins(flags));

  program
    .command("plugin")
    .description("write a plugin of your own")
    .command("create")
    .description("write a package to begin with: source, tests, and all that publishing takes")
    .argument("<name>", "the package's name on npm, such as metalearn-my-method")
    .option(
      "-k, --kind <kind>",
      "learner, model, sampler, optimizer, tracker or launcher",
      "learner",
    )
    .option("-d, --directory <folder>", "where to; otherwise a folder of that name")
    .action(async (name, flags) =>
      (await import("./commands/pluginCreate.js")).createPlugin(name, flags),
    );

  program
    .command("setup")
    .description("install the native engine: TensorFlow's library and the addon")
    .option("--cuda", "the engine for NVIDIA GPUs, with its CUDA libraries", false)
    .option("--force", "install again what is there", false)
    .action(async (flags) => (await import("./commands/setup.js")).setup(flags));

  program
    .command("pack")
    .description("write metalearn with Node.js and the engine for machines without network")
    .argument("<folder>", "an empty folder for the parts and the script that unpacks them")
    .option("--cuda", "the engine for NVIDIA GPUs, with its CUDA libraries", false)
    .option("--part-size <size>", "of one file, such as 60M", "1G")
    .option("--lean", "leave out the CUDA libraries that training does not call", false)
    .option("--without <names>", "leave out some of them, such as nccl,curand")
    .option("--level <number>", "of compression, 0 for none to 9 for small", "6")
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

  program
    .command("doctor")
    .description("tell what this machine has, what is missing, and how to get it")
    .option("--json", "print the findings as JSON", false)
    .action(async (flags) => (await import("./commands/doctor.js")).doctor(flags));

  return program;
}

/** Values of a flag that may be given several times. */
function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** A reader that has seen enough, such as `head`, does not end the work. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
