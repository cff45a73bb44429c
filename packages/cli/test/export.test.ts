import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openSafetensors, readSafetensors, readTorch } from "@metalearn/core/files";
import { failureOf, type Project, tinyRun } from "@metalearn/test-support/project";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { beforeAll, describe, expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

const run = "runs/run-seed100";
const stored = `${run}/checkpoints/00000008/model/model.safetensors`;
const torchFile = join(import.meta.dirname, "../../models-gpt2/test/fixtures/torch/model.pt");
/** A file that Python's gguf wrote, and what transformers makes of it: make.py beside it. */
const ggufFile = (name: string) =>
  join(import.meta.dirname, "../../language-models/test/fixtures/gguf", `${name}.gguf`);
const ggufModels = JSON.parse(readFileSync(join(ggufFile("gpt2"), "../models.json"), "utf8"));
const shape = ["model.heads=2", "model.tokenizer=byte"];

let project: Project;
beforeAll(async () => {
  project = await projectWithTasks();
  expect((await project.metalearn(["train"])).code).toBe(0);
});

describe("export", () => {
  test("writes a run's model into a folder of its own", async () => {
    const { code, stdout } = await project.metalearn(["export", run, "exported"]);
    expect(code).toBe(0);
    expect(stdout).toBe("Wrote exported: gpt2, float32.\n");
    expect((await readdir(project.path("exported"))).sort()).toEqual([
      "config.json",
      "merges.txt",
      "model.safetensors",
      "tokenizer_config.json",
      "vocab.json",
    ]);
    const [own, exported] = await Promise.all(
      [stored, "exported/model.safetensors"].map((path) => readSafetensors(project.path(path))),
    );
    for (const [name, tensor] of Object.entries(own ?? {})) {
      expect(exported?.[name]?.dataSync(), name).toEqual(tensor.dataSync());
    }
  });

  test("makes a folder of what MetaICL's trainer saved, at half the size if asked", async () => {
    const args = ["export", torchFile, "metaicl", ...shape, "--dtype", "float16"];
    expect((await project.metalearn(args)).code).toBe(0);
    const file = await openSafetensors(project.path("metaicl/model.safetensors"));
    const original = await readTorch(torchFile, (name) => name in file.entries);
    expect(Object.keys(original)).toHaveLength(28);
    for (const [name, entry] of Object.entries(file.entries)) {
      expect(entry).toMatchObject({ dtype: "F16", shape: original[name]?.shape });
      const halves = (await file.read(name)).dataSync();
      original[name]?.dataSync().forEach((value, i) => {
        expect(Number(halves[i])).toBeCloseTo(value, 2);
      });
    }
    await file.close();
  });

  test.each([
    ["gpt2", "gpt2"],
    ["qwen2", "qwen2"],
  ])("makes a folder of the GGUF file of a %s, with its tokenizer", async (name, model) => {
    const { code, stdout } = await project.metalearn(["export", ggufFile(name), name]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `Wrote ${name}: ${model}, float32.\n` });
    expect((await readdir(project.path(name))).sort()).toEqual([
      "config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const { tensors } = ggufModels[`${name}.gguf`] as { tensors: Record<string, object> };
    const written = await readSafetensors(project.path(name, "model.safetensors"));
    expect(Object.keys(written).sort()).toEqual(Object.keys(tensors).sort());
    for (const [stored, tensor] of Object.entries(written)) {
      const sha256 = createHash("sha256").update(tensor.dataSync()).digest("hex");
      expect({ shape: tensor.shape, sha256 }, stored).toEqual(tensors[stored]);
    }
  });

  test("names the base model of an adapter, where training has left it as it was", async () => {
    const base = `${run}/checkpoints/00000008/model`;
    const config = {
      ...tinyRun,
      ...{ model: { weights: `./${base}` }, train: { steps: 1, batchSize: 2 } },
      adapter: { use: "lora", rank: 2, targets: ["*.c_attn.weight"] },
      compare: { runs: { adapted: { trainable: ["*.lora_*"] } } },
    };
    await project.write("adapted.json", config);
    expect((await project.metalearn(["train", "-c", "adapted.json"])).code).toBe(0);
    const baseOf = async (folder: string, ...changes: string[]) => {
      const args = ["export", "runs/adapted-seed100", folder, ...changes];
      expect((await project.metalearn(args)).code).toBe(0);
      const path = `${folder}/lora/adapter_config.json`;
      return (await project.json<Record<string, unknown>>(path)).base_model_name_or_path;
    };
    expect(await baseOf("frozen")).toBe(project.path(base));
    expect(await baseOf("whole", 'trainable=["*"]')).toBe(null);
  });

  test("refuses a damaged GGUF file and leaves nothing", async () => {
    await project.write("broken.gguf", "GGUF, but no more than that");
    expect(await failureOf(project, ["export", "broken.gguf", "new"])).toContain(
      "broken.gguf is not a usable GGUF file",
    );
    expect(await readdir(project.folder)).not.toContain("new");
  });

  test.each([
    [["data"], "[BAD_OPTION] data exists already. Name another folder."],
    [
      ["new", "--dtype", "int8"],
      "argument 'int8' is invalid. Allowed choices are float32, float16, bfloat16.",
    ],
    [["new"], "does not say how many attention heads it has"],
    [
      ["new", "model.revision=main", ...shape],
      "revision: expected none for weights at a local path, ",
    ],
    [
      ["new", "--plugin", "@metalearn/trackers", ...shape],
      "[BAD_OPTION] --plugin @metalearn/trackers: ",
    ],
  ])("refuses %j in words of what to do", async (args, message) => {
    expect(await failureOf(project, ["export", torchFile, ...args])).toContain(message);
    expect(await project.read("new/config.json")).toBeUndefined();
  });

  test("refuses a file that holds more than tensors, and executes nothing of it", async () => {
    const command = join(import.meta.dirname, "../../core/test/fixtures/torch/command.pt");
    expect(await failureOf(project, ["export", command, "new"])).toContain(
      '"posix.system", which plain tensors do not need, and nothing of it was executed',
    );
    expect(await readdir(project.folder)).not.toContain("executed");
  });
});

const noTorch = pythonLacks("torch", "safetensors");

test.skipIf(noTorch)(
  `a file of torch.save has the scores of its numbers ${noTorch ?? ""}`,
  async () => {
    const convert = `
import sys, torch
from safetensors.torch import load_file
torch.save(load_file(sys.argv[1]), sys.argv[2])
print("null")
`;
    runPython(convert, project.path(stored), project.path("copy.pt"));
    const scores = async (path: string) => {
      expect((await project.metalearn(["evaluate", path, "-o", "scores.json"])).code).toBe(0);
      return (await project.json<{ tasks: unknown }>("scores.json")).tasks;
    };
    expect(await scores("copy.pt")).toEqual(await scores(run));
    const asked = [
      "predict",
      "--checkpoint",
      "copy.pt",
      "-c",
      "metalearn.config.yaml",
      "-i",
      "ant",
    ];
    const { code, stdout } = await project.metalearn([
      ...asked,
      "--option",
      "ant",
      "--option",
      "bee",
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain("nats/token");
  },
);
