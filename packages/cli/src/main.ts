import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";

/** Options that every command shares. */
interface GlobalFlags {
  readonly verbose?: boolean;
}

/**
 * Runs the command line and returns the exit code: 0 for success, 1 for an error, 130 when the
 * user interrupted.
 */
export async function main(args: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosedPipe);
  const program = describeProgram();
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    // Loaded only now, so that help is quick.
    const { report } = await import("./failure.js");
    return report(error, program.opts<GlobalFlags>().verbose ?? false);
  }
}

/** The commands. What they do is loaded only when one is chosen. */
function describeProgram(): Command {
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
    .action(async (overrides, flags) =>
      (await import("./commands/compare.js")).compare(overrides, flags),
    );

  program
    .command("train")
    .description("train one run of a config")
    .argument("[key=value...]", "changes to the config, such as train.steps=500")
    .option("-c, --config <file>", "the config file; found by itself when left out")
    .option("-r, --run <name>", "which run, when the config compares several")
    .action(async (overrides, flags) =>
      (await import("./commands/train.js")).train(overrides, flags),
    );

  program
    .command("evaluate")
    .description("score a trained run, a checkpoint, or a folder in Hugging Face format")
    .argument("<path>", "a run's folder, or one with model.safetensors")
    .argument("[key=value...]", "changes to the config, such as evaluate.seeds=[100]")
    .option("-c, --config <file>", "the config file, for a checkpoint without a run")
    .option("-o, --output <file>", "write the scores as JSON")
    .option("-p, --predictions <file>", "write the answer to every question, as JSON lines")
    .action(async (path, overrides, flags) =>
      (await import("./commands/evaluate.js")).evaluateCheckpoint(path, overrides, flags),
    );

  program
    .command("predict")
    .description("ask a checkpoint questions: the options, ranked by how likely they are")
    .argument("[key=value...]", "changes to the run's config, such as evaluate.method=pmi")
    .requiredOption("--checkpoint <path>", "a run's folder, or one with model.safetensors")
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
    .command("setup")
    .description("install the native engine: TensorFlow's library and the addon")
    .option("--cuda", "the engine for NVIDIA GPUs, with its CUDA libraries", false)
    .option("--force", "install again what is there", false)
    .action(async (flags) => (await import("./commands/setup.js")).setup(flags));

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
