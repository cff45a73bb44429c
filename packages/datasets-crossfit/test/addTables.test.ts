import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readSource } from "../src/add/readSource.js";
import { readTable } from "../src/add/readTable.js";
import { type Reading, toExamples } from "../src/add/toExamples.js";
import { temporaryFolder, writeFiles } from "./support/files.js";

/** Reads files as `data add` does; training rows are sorted by their inputs. */
async function examplesOf(
  files: Readonly<Record<string, unknown>>,
  name: string,
  reading: Partial<Reading> = {},
) {
  const source = await readSource(join(writeFiles(files), name));
  const examples = toExamples(source, { task: "t", use: "target", testRows: 0, ...reading });
  return {
    ...examples,
    train: examples.train.toSorted((a, b) => a.input.localeCompare(b.input)),
  };
}

describe("a table's dialect", () => {
  const nine = [
    '"a charming film , all told\tgood',
    "dull and far too slow\tbad",
    'not worth a ticket"\tbad',
    'he called it "solid" twice\tgood',
    '"Solid" is the word for it\tgood',
  ];

  // IANA's text/tab-separated-values has no quotes; pandas: read_csv(sep="\t", quoting=csv.QUOTE_NONE).
  test("of TSV has no quotes: every line is a row", async () => {
    const path = join(
      writeFiles({ "t.tsv": ["sentence\tlabel", ...nine, ""].join("\n") }),
      "t.tsv",
    );
    const { rows, remarks } = await readTable(path);
    expect(rows.map(({ sentence, label }) => `${sentence}\t${label}`)).toEqual(nine);
    expect(remarks).toEqual([]);
  });

  test("of TSV may be CSV's, which is said where it looks so", async () => {
    const path = join(writeFiles({ "t.tsv": 'text\tlabel\n"say ""hi"""\tx\n' }), "t.tsv");
    expect((await readTable(path)).rows).toEqual([{ text: '"say ""hi"""', label: "x" }]);
    expect((await readTable(path)).remarks).toEqual([expect.stringContaining("--quotes fields")]);
    expect((await readTable(path, { quotes: "fields" })).rows).toEqual([
      { text: 'say "hi"', label: "x" },
    ]);
  });

  // Python: list(csv.reader(['he said "so" twice,good'])) == [['he said "so" twice', 'good']]
  test("of CSV takes quotes within a field for text, and refuses text after a closing quote", async () => {
    const files = {
      "mid.csv": 'text,label\nhe said "so" twice,good\n"a, ""b""",bad\n',
      "lead.csv": 'text,label\nfine,good\n"Solid" is the word,good\n',
      "semicolon.csv": "text;label\na, b;x\n",
    };
    const folder = writeFiles(files);
    expect((await readTable(join(folder, "mid.csv"))).rows).toEqual([
      { text: 'he said "so" twice', label: "good" },
      { text: 'a, "b"', label: "bad" },
    ]);
    await expect(readTable(join(folder, "lead.csv"))).rejects.toThrow(
      'lead.csv:3: expected "," after the quote that closes a field, got more text. If quotes are part of the text, add --quotes text',
    );
    const lead = await readTable(join(folder, "lead.csv"), { quotes: "text" });
    expect(lead.rows[1]).toEqual({ text: '"Solid" is the word', label: "good" });
    expect((await readTable(join(folder, "semicolon.csv"), { delimiter: ";" })).rows).toEqual([
      { text: "a, b", label: "x" },
    ]);
  });

  test("of CSV says when quotes join lines, and refuses a column twice", async () => {
    const folder = writeFiles({
      "long.csv": 'text,label\na,x\n"b,x\nc,y\nd",y\ne,y\n',
      "twice.csv": "text,text\na,b\n",
    });
    const { rows, remarks } = await readTable(join(folder, "long.csv"));
    expect(rows).toHaveLength(3);
    expect(remarks).toEqual([
      expect.stringContaining(
        "quotes join several lines to one row in 1 row, first in lines 3 to 5",
      ),
    ]);
    await expect(readTable(join(folder, "twice.csv"))).rejects.toThrow('got "text" twice');
  });
});

describe("JSON is read by its content", () => {
  const rows = [
    { text: "a", label: "odd" },
    { text: "b", label: "even" },
  ];
  const lines = rows.map((row) => JSON.stringify(row)).join("\n");
  const columns = { text: ["a", "b"], label: ["odd", "even"] };
  test.each<[string, string, string]>([
    ["lines in .json, as Dataset.to_json writes them", "t.json", `${lines}\n`],
    ["one line in .json", "one.json", JSON.stringify(rows[0])],
    ["a list in .jsonl", "t.jsonl", JSON.stringify(rows, null, 2)],
    ["columns of arrays, as Dataset.to_dict gives them", "t.json", JSON.stringify(columns)],
    // pandas: DataFrame.to_json() with orient columns (the default), index, split
    ["columns by index", "t.json", '{"text":{"0":"a","1":"b"},"label":{"0":"odd","1":"even"}}'],
    ["rows by index", "t.json", JSON.stringify({ 0: rows[0], 1: rows[1] })],
    [
      "split columns and data",
      "t.json",
      '{"columns":["text","label"],"index":[0,1],"data":[["a","odd"],["b","even"]]}',
    ],
    ["a byte order mark", "t.jsonl", `\uFEFF${lines}`],
    ["lines in .txt", "t.txt", lines],
    ["tabs in .txt", "t.txt", "text\tlabel\na\todd\nb\teven\n"],
  ])("%s", async (_, name, text) => {
    const table = await readTable(join(writeFiles({ [name]: text }), name));
    expect(table.rows).toEqual(name === "one.json" ? rows.slice(0, 1) : rows);
  });

  test.each(["t.json.gz", "t.jsonl.gz", "t.JSON"])("packed by gzip: %s", async (name) => {
    const path = join(temporaryFolder(), name);
    await writeFile(path, gzipSync(lines));
    expect((await readTable(path)).rows).toEqual(rows);
  });

  test("or by the format that the user names", async () => {
    const folder = writeFiles({ "t.data": "text,label\na,odd\nb,even\n", "t.txt": "a\nb\n" });
    await expect(readTable(join(folder, "t.data"))).rejects.toThrow("Say with --format what it is");
    await expect(readTable(join(folder, "t.txt"))).rejects.toThrow("expected JSON, or columns");
    expect((await readTable(join(folder, "t.data"), { format: "csv" })).rows).toEqual(rows);
  });
});

describe("rows without answers", () => {
  const row = (label: unknown, i: number) => ({ text: `row ${i}`, label });
  const train = [0, 1, 0, 1].map(row);
  const validation = [1, 0].map(row);
  const info = { features: { label: { names: ["neg", "pos"], _type: "ClassLabel" } } };

  test.each<[string, unknown]>([
    ["-1, as in GLUE", -1],
    ["-1.0", "-1.0"],
    ["an empty text", ""],
    ["null", null],
    ["?", "?"],
    ["no column", undefined],
    ["one answer that no training row has", "hidden"],
  ])("in the whole test split let the validation split be tested on: %s", async (_, hidden) => {
    const files = {
      "train.jsonl": train,
      "validation.jsonl": validation,
      "test.jsonl": [hidden, hidden].map(row),
    };
    const plain = await examplesOf(files, "");
    expect(plain.labels).toEqual(["0", "1"]);
    expect(plain.test.map(({ outputs }) => outputs[0])).toEqual(["1", "0"]);
    expect(plain.remarks).toEqual([
      expect.stringContaining("the validation split will be tested on"),
    ]);
    const named = await examplesOf({ ...files, "dataset_info.json": info }, "");
    expect(named.test.map(({ outputs }) => outputs[0])).toEqual(["pos", "neg"]);
  });

  test("need no validation split: rows are held out, or not missed for training alone", async () => {
    const files = { "train.jsonl": train, "test.jsonl": [-1, -1].map(row) };
    const tested = await examplesOf(files, "", { testRows: 1 });
    expect([tested.train.length, tested.test.length]).toEqual([3, 1]);
    expect(tested.remarks).toEqual([expect.stringContaining("rows of the training split will be")]);
    const trained = await examplesOf(files, "", { use: "train", testRows: 1 });
    expect([trained.train.length, trained.test.length]).toEqual([4, 0]);
    expect(trained.labels).toEqual(["0", "1"]);
  });

  test("are left out one by one, which is said", async () => {
    const files = { "train.jsonl": [0, 1, -1, 0].map(row), "dataset_info.json": info };
    const { train: kept, remarks } = await examplesOf(files, "");
    expect(kept.map(({ outputs }) => outputs[0])).toEqual(["neg", "pos", "neg"]);
    expect(remarks[0]).toMatch(/^1 of 4 rows of the training split have no answer .* row 3\.$/);
  });

  test("are not those of a label -1, which is said", async () => {
    const files = { "train.jsonl": [-1, 1, -1, 0].map(row), "test.jsonl": [-1, -1].map(row) };
    const { labels, test: asked, remarks } = await examplesOf(files, "");
    expect([labels, asked.length]).toEqual([["-1", "0", "1"], 2]);
    expect(remarks).toEqual([expect.stringContaining("-1 is read as a label")]);
    // Two names for -1 and 1: numbers of labels begin at 0.
    await expect(
      examplesOf({ "a.jsonl": [-1, 1, -1, 1].map(row) }, "a.jsonl", { labels: ["neg", "pos"] }),
    ).rejects.toThrow('row 1: expected one of the labels neg, pos as the answer, got "-1"');
  });

  test("differ from a label that only the test split has, which is said", async () => {
    const files = { "train.jsonl": train, "test.jsonl": [0, 2].map(row) };
    const { labels, remarks } = await examplesOf(files, "");
    expect(labels).toEqual(["0", "1", "2"]);
    expect(remarks).toEqual([expect.stringContaining("has the answer 2")]);
  });
});

describe("a name that could be a number", () => {
  const stars = (values: readonly unknown[]) => values.map((label, i) => ({ text: `${i}`, label }));
  const labels = ["1", "2", "3", "4", "5"];
  const read = async (values: readonly unknown[], names = labels) => {
    const { train } = await examplesOf({ "a.jsonl": stars(values) }, "a.jsonl", { labels: names });
    return train.map(({ outputs }) => outputs[0]);
  };

  test("is the name where all answers are names, else the number of a label", async () => {
    expect(await read([1, 2, 3, 4, 5])).toEqual(["1", "2", "3", "4", "5"]);
    expect(await read([1, 2, 3, 4])).toEqual(["1", "2", "3", "4"]);
    expect(await read([0, 1, 4])).toEqual(["1", "2", "5"]);
    expect(await read(["0", "1"], ["1", "0"])).toEqual(["0", "1"]);
    expect(await read(["good", "0"], ["bad", "good"])).toEqual(["good", "bad"]);
    await expect(read([0, 1, 5])).rejects.toThrow("expected one of the labels 1, 2, 3, 4, 5");
  });

  test("is a number where the data says so: features of type ClassLabel", async () => {
    const features = { label: { names: labels, _type: "ClassLabel" } };
    const files = { "train.jsonl": stars([0, 1, 2, 3]), "dataset_info.json": { features } };
    const { train } = await examplesOf(files, "");
    expect(train.map(({ outputs }) => outputs[0])).toEqual(["1", "2", "3", "4"]);
  });

  test("among options means the same in every row", async () => {
    const row = (label: unknown, options: readonly unknown[], i: number) => ({
      ...{ text: `${i}`, label, options },
    });
    const choose = async (rows: [unknown, unknown[]][]) => {
      const files = { "a.jsonl": rows.map(([label, options], i) => row(label, options, i)) };
      const { train } = await examplesOf(files, "a.jsonl", { options: "options" });
      return train.map(({ outputs }) => outputs[0]);
    };
    const digits = ["3", "2", "1"];
    expect(
      await choose([
        ["2", digits],
        ["0", ["a", "b"]],
      ]),
    ).toEqual(["1", "a"]);
    expect(
      await choose([
        ["2", digits],
        ["1", ["1", "b"]],
      ]),
    ).toEqual(["2", "1"]);
    expect(
      await choose([
        [2, digits],
        [1, ["1", "b"]],
      ]),
    ).toEqual(["1", "b"]);
    expect(
      await choose([
        [2, [3, 2, 1]],
        [1, [2, 1]],
      ]),
    ).toEqual(["2", "1"]);
    await expect(
      choose([
        ["2", digits],
        ["b", ["a", "b"]],
        ["0", ["a", "b"]],
      ]),
    ).rejects.toThrow("as in the other rows");
  });
});
