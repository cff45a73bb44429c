import { readFileSync } from "node:fs";
import { open, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { openTorch, readTorch } from "../src/checkpoint/torch/openTorch.js";
import { int, pickle, tensor, text } from "./support/rawPickle.js";
import { type RawFile, rawZip } from "./support/rawZip.js";
import { rawZip64 } from "./support/rawZip64.js";

/** A tensor as torch sees it. */
interface Seen {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const inFolder = temporaryFolder();
const fixture = (name: string) => join(import.meta.dirname, "fixtures/torch", name);
const expected: Record<string, Record<string, Seen>> = JSON.parse(
  readFileSync(fixture("expected.json"), "utf8"),
);

async function expectTensors(path: string, wanted: Record<string, Seen>): Promise<void> {
  const file = await openTorch(path);
  try {
    for (const [name, { dtype, shape, values }] of Object.entries(wanted)) {
      expect(file.entry(name), name).toMatchObject({ dtype, shape });
      const tensor = await file.read(name);
      expect(tensor.shape, name).toEqual(shape);
      expect(Array.from(tensor.dataSync()), name).toEqual(values);
    }
  } finally {
    await file.close();
  }
}

describe("a file of torch.save", () => {
  test.each(Object.keys(expected))("gives its tensors as torch sees them (%s)", (name) =>
    expectTensors(fixture(name), expected[name] as Record<string, Seen>),
  );

  test("may hold tensors of other types, as long as nobody reads them", async () => {
    const file = await openTorch(fixture("types.pt"));
    expect(file.entries.int64).toMatchObject({ dtype: "I64", shape: [3] });
    await expect(file.read("mask")).rejects.toThrow(
      'tensor "mask" is U8; known types are F32, I32, F16, BF16',
    );
    await expect(file.read("toString")).rejects.toThrow('there is no tensor "toString"');
    await file.close();
  });

  test("with numbers that stand for several is told how to be written", async () => {
    const path = fixture("repeated.pt");
    await expect(readTorch(path)).rejects.toThrow(
      `[BAD_CHECKPOINT] ${path} is not a usable file of torch.save: tensor "x" repeats its numbers; save it with .contiguous()`,
    );
  });

  test("larger than 4 GB is read by its parts (ZIP64)", async () => {
    const elements = 1.25 * 2 ** 30;
    const program = pickle({
      huge: { elements, shape: [elements], strides: [1] },
      x: { key: "1", elements: 3, shape: [3], strides: [1] },
    });
    const pieces = rawZip64([
      { name: "l/data.pkl", data: Buffer.from(program, "latin1") },
      { name: "l/data/0", data: Buffer.alloc(0), bytes: 4 * elements },
      { name: "l/data/1", data: new Uint8Array(new Float32Array([1, 2, 3]).buffer) },
    ]);
    const written = await open(inFolder("large.pt"), "w"); // a sparse file, which takes no room on disk
    for (const { at, data } of pieces) await written.write(data, 0, data.length, at);
    await written.close();
    expect((await stat(inFolder("large.pt"))).size).toBeGreaterThan(5 * 2 ** 30);

    const file = await openTorch(inFolder("large.pt"));
    expect((await file.read("x")).arraySync()).toEqual([1, 2, 3]);
    expect(file.entries.huge?.shape).toEqual([elements]);
    await file.close();
  });
});

describe("a file of torch.save that is refused", () => {
  const hint = 'save its weights alone: torch.save(model.state_dict(), "weights.pt")';

  test.each([
    ["a whole model", "whole.pt", '"torch.nn.modules.container.Sequential", which plain tensors'],
    ["a command", "command.pt", '"posix.system", which plain tensors'],
    ["a command, before torch 1.6", "command-legacy.pt", '"posix.system", which plain tensors'],
  ])("for holding %s names what it asks for", async (_, name, message) => {
    await expect(openTorch(fixture(name))).rejects.toThrow(message);
    await expect(openTorch(fixture(name))).rejects.toThrow(hint);
  });

  test.each([
    ["numbers still to be negated", "negated.pt", "still to be negated or conjugated"],
    ["tensors one level deeper", "nested.pt", /no tensors under model, epoch\..*\['KEY'\]/],
    ["another protocol", "protocol4.pt", "its pickle has protocol 4; torch.save writes 2"],
  ])("for having %s says so", (_, name, message) =>
    expect(openTorch(fixture(name))).rejects.toThrow(message),
  );

  test("for not being there", () =>
    expect(openTorch(inFolder("none.pt"))).rejects.toThrow("[MISSING_FILE] Cannot read"));

  test("(bytes added to the format before torch 1.6)", async () => {
    const whole = await readFile(fixture("legacy.pt"));
    await writeFile(inFolder("longer.pt"), Buffer.concat([whole, Buffer.alloc(3)]));
    await expect(openTorch(inFolder("longer.pt"))).rejects.toThrow(
      "3 bytes follow its last storage",
    );
  });

  test.each(["views.pt", "legacy.pt", "unchecked.pt"])(
    "wherever it was cut off (%s)",
    async (name) => {
      const whole = await readFile(fixture(name));
      for (let length = 0; length < whole.length; length += length < 64 ? 1 : 19) {
        await writeFile(inFolder("cut.pt"), whole.subarray(0, length));
        await expect(openTorch(inFolder("cut.pt")), `${length}`).rejects.toThrow(
          /^\[BAD_CHECKPOINT\]/,
        );
      }
    },
  );

  test("when a number in it has changed since it was written", async () => {
    const bytes = await readFile(fixture("views.pt"));
    const at = bytes.indexOf(Buffer.from(new Float32Array([3, 3.25, 3.5]).buffer));
    bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(inFolder("flipped.pt"), bytes);
    const file = await openTorch(inFolder("flipped.pt"));
    await expect(file.read("rows")).rejects.toThrow("its checksums are wrong");
    await file.close();
  });
});

describe("an archive that is damaged or made to harm", () => {
  const numbers = new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer);
  const files = (program: string): RawFile[] => [
    { name: "a/data.pkl", data: Buffer.from(program, "latin1") },
    { name: "a/data/0", data: numbers },
  ];
  const refused = async (made: readonly RawFile[], message: string | RegExp) => {
    await writeFile(inFolder("made.pt"), rawZip(made));
    await expect(readTorch(inFolder("made.pt"))).rejects.toThrow(message);
    await expect(openTorch(inFolder("made.pt"))).rejects.toThrow(/^\[BAD_CHECKPOINT\]/);
  };

  test("is read as long as it is in order", async () => {
    await writeFile(inFolder("made.pt"), rawZip(files(pickle({ x: {} }))));
    const { x } = await readTorch(inFolder("made.pt"));
    expect(x?.arraySync()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test.each([
    ["reaches beyond its storage", { shape: [3, 3] }, "reaches beyond its storage of 6 elements"],
    ["begins beyond its storage", { offset: 1 }, "reaches beyond its storage"],
    ["strides beyond its storage", { strides: [4, 1] }, "reaches beyond its storage"],
    ["has a negative stride", { strides: [-3, 1] }, "malformed tensor"],
    ["has another number of strides", { strides: [1] }, "malformed tensor"],
    ["claims more than can be counted", { shape: [2 ** 52, 2 ** 52] }, "malformed tensor"],
    ["claims much and repeats", { shape: [2 ** 40, 6], strides: [0, 1] }, "repeats its numbers"],
    ["claims a larger storage", { elements: 2 ** 40 }, "storage 0 has 24 bytes, not 1099511627776"],
    ["has a storage of another type", { type: "DoubleStorage" }, "24 bytes, not 6 elements of F64"],
    ["has a storage of no type", { type: "QInt8Storage" }, '"torch.QInt8Storage", which plain'],
    ["has a storage elsewhere", { key: "../../0" }, "storage ../../0 is missing"],
  ])("is refused where a tensor %s", async (_, change, message) => {
    await writeFile(inFolder("made.pt"), rawZip(files(pickle({ x: change }))));
    await expect(readTorch(inFolder("made.pt"))).rejects.toThrow(message);
    await expect(readTorch(inFolder("made.pt"))).rejects.toThrow(/^\[BAD_CHECKPOINT\]/);
  });

  test.each([
    ["imports a command", "\x80\x02cos\nsystem\n(X\x02\0\0\0lstR.", '"os.system"'],
    [
      "imports by a name with dots",
      "\x80\x02ctorch\n_utils._rebuild_tensor_v2\n.",
      /no dictionary/,
    ],
    ["calls what it made itself", "\x80\x02}(tR.", "calls what is no function"],
    ["makes objects of classes", "\x80\x02ccollections\nOrderedDict\n)\x81.", "operation 0x81"],
    ["duplicates values", "\x80\x02}2.", "operation 0x32"],
    ["recalls what it never stored", "\x80\x02h\x07.", "recalls value 7"],
    ["takes from nothing", "\x80\x02s.", "takes a value that is not there"],
    ["ends a group twice", "\x80\x02(tt.", "ends a group that was not begun"],
    ["has a key without a value", "\x80\x02}(K\x01u.", "a key without a value"],
    ["names data that is no storage", "\x80\x02K\x01Q.", "refers to data that is no storage"],
    ["sets attributes of a number", "\x80\x02K\x01}b.", "sets attributes of what has none"],
    ["adds items to a list", "\x80\x02]K\x01K\x02s.", "no dictionary"],
    ["holds a list that holds itself", "\x80\x02]q\0h\0a.", "no dictionary of tensors by name"],
    ["holds a dictionary that holds itself", "\x80\x02}q\0X\x01\0\0\0ah\0s.", "no tensors under a"],
    ["is nested deep", `\x80\x02${")\x85".repeat(1e5)}.`, "no dictionary of tensors"],
    ["opens many groups", `\x80\x02${"(".repeat(1e5)}`, "its pickle ends too early"],
    ["announces a longer text than it has", "\x80\x02X\xff\xff\xff\xff.", "ends too early"],
    ["has an endless name", `\x80\x02c${"a".repeat(1e5)}`, "ends too early"],
    ["is empty", "", "ends too early"],
    ["is larger than any", "\0".repeat(2_000_001), "its data.pkl is 2000001 bytes long"],
  ])("is refused when its pickle %s", (_, program, message) => refused(files(program), message));

  test("holds a tensor's shape against changes after it was checked", async () => {
    // The shape is a list, stored as value 9, to which a third size is appended when the tensor is there.
    const [before, after] = tensor({}).split(`(${int(2)}${int(3)}t`);
    const late = `\x80\x02}${text("x")}${before}](${int(2)}${int(3)}eq\x09${after}sq\x0bh\x09${int(2 ** 20)}a`;
    await writeFile(inFolder("made.pt"), rawZip(files(`${late}h\x0b.`)));
    const { x } = await readTorch(inFolder("made.pt"));
    expect(x?.shape).toEqual([2, 3]);
  });

  test("is refused when files are missing, doubled, compressed or wrong", async () => {
    const [program, data] = files(pickle({ x: {} })) as [RawFile, RawFile];
    await refused([data], "a ZIP archive without data.pkl");
    await refused([program], "storage 0 is missing");
    await refused([program, data, data], 'it has two files "a/data/0"');
    await refused([program, data, { ...program, name: "b/data.pkl" }], "two files data.pkl");
    await refused([program, { ...data, method: 8 }], '"a/data/0" in it is compressed');
    await refused([{ ...program, crc: 1 }, data], "its checksums are wrong");
    await refused([program, { ...data, name: "../a/data/0" }], "no whole ZIP archive");
    await refused([program, { ...data, size: 2 ** 31 }], "no whole ZIP archive");
    const order = { name: "a/byteorder", data: Buffer.from("big") };
    await refused([program, data, order], "expected little-endian numbers, got big-endian ones");
  });
});

const noTorch = pythonLacks("torch");

describe.skipIf(noTorch)(`beside torch ${noTorch ?? ""}`, () => {
  test("views of every kind, in both formats, have the values that torch sees", async () => {
    const seen = runPython<Record<string, Seen>>(
      `
import json, random, sys, torch
random.seed(1)
torch.manual_seed(1)
tensors, seen = {}, {}
names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int32: "I32"}
for i in range(60):
  shape = [random.randint(0 if random.random() < 0.1 else 1, 5) for _ in range(random.randint(0, 5))]
  t = (torch.randn(shape) * 100).to(random.choice(list(names)))
  for _ in range(3):
    if t.dim() == 0: break
    kind, dim = random.choice(["permute", "slice", "select", "unsqueeze", "keep"]), random.randrange(t.dim())
    if kind == "permute": t = t.permute(random.sample(range(t.dim()), t.dim()))
    if kind == "slice": t = t[(slice(None),) * dim + (slice(random.randint(0, 2), None, random.randint(1, 3)),)]
    if kind == "select" and t.shape[dim] > 0: t = t.select(dim, random.randrange(t.shape[dim]))
    if kind == "unsqueeze": t = t.unsqueeze(dim)
  tensors[f"t{i}"] = t
  seen[f"t{i}"] = {"dtype": names[t.dtype], "shape": list(t.shape), "values": t.flatten().tolist()}
torch.save(tensors, sys.argv[1])
torch.save(tensors, sys.argv[2], _use_new_zipfile_serialization=False)
print(json.dumps(seen))
`,
      inFolder("views.pt"),
      inFolder("legacy.pt"),
    );
    expect(Object.keys(seen)).toHaveLength(60);
    await expectTensors(inFolder("views.pt"), seen);
    await expectTensors(inFolder("legacy.pt"), seen);
  });
});
