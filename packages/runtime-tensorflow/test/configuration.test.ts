import { describe, expect, test } from "vitest";
import { configProto } from "../src/tensorflow/configProto.js";
import { wantedLines } from "../src/tensorflow/logs.js";
import { tensorflowOptions } from "../src/tensorflow/tensorflowOptions.js";

const hex = (options: Parameters<typeof configProto>[0]) =>
  Buffer.from(configProto(options)).toString("hex");

describe("TensorFlow's ConfigProto", () => {
  // By hand from config.proto: a field is (number << 3 | kind), with kind 0 for a number and 2 for
  // bytes, which are preceded by their length.
  const grow = "2001"; // GPUOptions 4: allow_growth = true
  test("takes the first GPU by default, and its memory as needed", () => {
    expect(hex({})).toBe(`3205${grow}2a0130`); // 6: gpu_options { …, 5: visible_device_list "0" }
  });

  test("names another GPU", () => {
    expect(hex({ device: "cuda:12" })).toBe(`3206${grow}2a023132`);
  });

  test("hides GPUs for the cpu", () => {
    // 1: device_count { 1: "GPU", 2: 0 }
    expect(hex({ device: "cpu" })).toBe(`0a070a0347505510003204${grow}2a00`);
  });

  test("sets both kinds of threads, also above 127", () => {
    // 300 = 0b10_0101100: the low seven bits with a continuation bit, then the rest
    expect(hex({ threads: 300 })).toBe(`10ac0228ac023205${grow}2a0130`);
  });
});

test("devices are cpu and numbered GPUs", () => {
  const isDevice = (device: string) => tensorflowOptions.safeParse({ device }).success;
  expect(["cpu", "cuda:0", "cuda:12"].every(isDevice)).toBe(true);
  expect(["gpu", "cuda", "cuda:", "cuda:x", "cuda:-1", "CPU", ""].some(isDevice)).toBe(false);
});

describe("TensorFlow's log", () => {
  const log = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1795230118.150686    9523 port.cc:153] oneDNN custom operations are on.",
    "To turn them off, …",
    "E0000 00:00:1795230118.426876    9523 cuda_platform.cc:52] failed call to cuInit",
    "which continues here",
    "",
  ].join("\n");

  test("keeps the lines of the level that was asked for, with what belongs to them", () => {
    expect(wantedLines(log, 2)).toMatch(/^E0000 .*cuInit\nwhich continues here\n$/);
    expect(wantedLines(log, 3)).toBe("");
  });

  test("keeps what is not TensorFlow's", () => {
    expect(wantedLines("something else\n", 3)).toBe("something else\n");
  });
});
