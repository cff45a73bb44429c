import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downloadFromHub } from "@metalearn/core/hub";
import { commit, LocalHub } from "@metalearn/test-support/localHub";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { byteTokenizer, gpt2, pretrainedGpt2 } from "../src/index.js";

let hub: LocalHub;
let endpoint: string;
let cacheDirectory: string;
const messages: string[] = [];
const options = () => ({
  endpoint,
  cacheDirectory,
  notify: (message: string) => messages.push(message),
});
const all = (files: readonly string[]) => files;

beforeEach(async () => {
  messages.length = 0;
  hub = new LocalHub("models");
  endpoint = await hub.start();
  cacheDirectory = await mkdtemp(join(tmpdir(), "metalearn-hub-"));
  vi.stubEnv("HF_TOKEN", "");
  vi.stubEnv("HUGGING_FACE_HUB_TOKEN", "");
  vi.stubEnv("HF_TOKEN_PATH", join(cacheDirectory, "token"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.stop();
  await rm(cacheDirectory, { recursive: true });
});

describe("a model on the hub", () => {
  test.each(["../../x", "/etc", "a/../../b", "a\\b", "", ".."])(
    "of the revision %j is refused, which would be a path out of the cache",
    async (revision) => {
      await expect(downloadFromHub("you/tiny", all, { ...options(), revision })).rejects.toThrow(
        `[BAD_OPTION] you/tiny: expected a revision such as main, v1.0 or a commit, got ${JSON.stringify(revision)}.`,
      );
      expect(await readdir(cacheDirectory)).toEqual([]);
    },
  );

  test.each(["../../../x", "main", ""])("whose hub calls the commit %j is refused", async (sha) => {
    hub.sha = sha;
    hub.files["config.json"] = Buffer.from("{}");
    await expect(downloadFromHub("you/tiny", all, options())).rejects.toThrow(
      `[BAD_DATA] you/tiny: expected the hash of a commit from the hub, got ${JSON.stringify(sha)}.`,
    );
    expect(await readdir(cacheDirectory)).toEqual([]);
  });

  test("is downloaded, opened, and not downloaded again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "metalearn-model-"));
    const config = { vocabularySize: 256, maxTokens: 16, width: 8, layers: 1, heads: 2 };
    const model = gpt2(config, byteTokenizer);
    const params = await model.init(1);
    await model.save?.(params, folder);
    for (const name of await readdir(folder)) hub.files[name] = await readFile(join(folder, name));
    hub.files["pytorch_model.bin"] = Buffer.from("not wanted");

    const found = await pretrainedGpt2("you/tiny", options());
    expect(found.config).toMatchObject(config);
    expect(found.tokenizer.encode("\u00e9a b")).toEqual(byteTokenizer.encode("\u00e9a b"));
    const loaded = await found.init(0);
    expect(loaded["wte.weight"]?.dataSync()).toEqual(params["wte.weight"]?.dataSync());
    expect(hub.requests.map((request) => request.split(" ")[0]).sort()).toEqual([
      "config.json",
      "merges.txt",
      "model.safetensors",
      "tokenizer_config.json",
      "vocab.json",
    ]);

    hub.requests.length = 0;
    await pretrainedGpt2("you/tiny", options());
    expect(hub.requests).toEqual([]);
    await rm(folder, { recursive: true });
  });

  test("lies in the layout that Hugging Face's own tools use", async () => {
    hub.files["config.json"] = Buffer.from("{}");
    const folder = await downloadFromHub("you/tiny", all, options());
    expect(folder).toBe(join(cacheDirectory, "models--you--tiny", "snapshots", commit));
    const reference = join(cacheDirectory, "models--you--tiny", "refs", "main");
    expect(await readFile(reference, "utf8")).toBe(commit);
  });

  test("resumes an interrupted download", async () => {
    hub.files["model.safetensors"] = Buffer.alloc(300_000, "abcdefg");
    hub.breakAfter = 200_000;
    await expect(downloadFromHub("you/tiny", all, options())).rejects.toThrow();
    const partial = join(
      cacheDirectory,
      "models--you--tiny/snapshots",
      commit,
      "model.safetensors.incomplete",
    );
    const size = (await readFile(partial)).length;
    expect(size).toBeGreaterThan(0);

    hub.breakAfter = Number.POSITIVE_INFINITY;
    hub.requests.length = 0;
    const folder = await downloadFromHub("you/tiny", all, options());
    expect(hub.requests).toEqual([`model.safetensors ${size}-299999`]);
    expect(await readFile(join(folder, "model.safetensors"))).toEqual(
      hub.files["model.safetensors"],
    );
  });

  test("is refused when its bytes do not have the announced hash, and can be got again", async () => {
    hub.files["config.json"] = Buffer.from("{}  ");
    hub.corrupt = true;
    await expect(downloadFromHub("you/tiny", all, options())).rejects.toThrow(
      "[BAD_CHECKPOINT] The download of you/tiny/config.json is damaged",
    );
    hub.corrupt = false;
    const folder = await downloadFromHub("you/tiny", all, options());
    expect(await readFile(join(folder, "config.json"), "utf8")).toBe("{}  ");
  });

  test("is used from the cache when the hub cannot be reached, saying so", async () => {
    hub.files["config.json"] = Buffer.from("{}");
    const first = await downloadFromHub("you/tiny", all, options());
    await hub.stop();
    const second = await downloadFromHub("you/tiny", all, options());
    expect(second).toBe(first);
    expect(messages.at(-1)).toMatch(/^The hub cannot be reached .* using you\/tiny from the cache/);
    await hub.start();
  });

  test("is not taken from the cache when its download was never finished", async () => {
    hub.files["config.json"] = Buffer.from("{}");
    hub.files["model.safetensors"] = Buffer.alloc(300_000);
    hub.breakAfter = 1000;
    await expect(downloadFromHub("you/tiny", all, options())).rejects.toThrow();
    await hub.stop();
    await expect(downloadFromHub("you/tiny", all, options())).rejects.toThrow("[MISSING_FILE]");
    await hub.start();
  });

  test("that does not exist is a clear error", async () => {
    await expect(downloadFromHub("you/none", all, options())).rejects.toThrow(
      /^\[MISSING_FILE\] Cannot get "you\/none" \(revision main\) from the Hugging Face hub/,
    );
  });

  test("without safetensors may have what torch.save wrote", async () => {
    const folder = join(import.meta.dirname, "fixtures/torch/bin");
    for (const name of await readdir(folder)) hub.files[name] = await readFile(join(folder, name));
    hub.files["training_args.bin"] = Buffer.from("not wanted");
    const found = await pretrainedGpt2("you/tiny", { ...options(), tokenizer: byteTokenizer });
    expect(Object.keys(await found.init(0))).toHaveLength(28);
    expect(hub.requests.map((request) => request.split(" ")[0]).sort()).toEqual([
      "config.json",
      "pytorch_model-00001-of-00002.bin",
      "pytorch_model-00002-of-00002.bin",
      "pytorch_model.bin.index.json",
    ]);
  });

  test("without tensors is a clear error", async () => {
    hub.files["tf_model.h5"] = Buffer.from("Keras");
    await expect(pretrainedGpt2("you/tiny", options())).rejects.toThrow(
      '"you/tiny" has no model.safetensors, no pytorch_model.bin and no GGUF file on the hub; its files are: tf_model.h5.',
    );
  });
});

describe.each(["gated", "private"] as const)("a %s repository", (kind) => {
  beforeEach(() => {
    hub.files["config.json"] = Buffer.from("{}");
    hub.access = { kind, token: "hf_right" };
  });
  const download = () => downloadFromHub("you/tiny", all, options());

  test("says which token is missing, and where it is looked for", async () => {
    await expect(download()).rejects.toThrow(
      `[MISSING_FILE] Cannot get "you/tiny" (revision main) from the Hugging Face hub: it does not exist, or is private or gated and needs a token (status 401). Accept its conditions at ${endpoint}/you/tiny, and set HF_TOKEN to a token of ${endpoint}/settings/tokens, or run "hf auth login", which writes it to ${join(cacheDirectory, "token")}; there is neither.`,
    );
  });

  test("says when the token has no access", async () => {
    vi.stubEnv("HF_TOKEN", "hf_wrong");
    await expect(download()).rejects.toThrow(
      "its token has no access (status 403). If the repository is gated",
    );
  });

  test("is read with the token of the environment, or of the login file", async () => {
    await writeFile(join(cacheDirectory, "token"), "hf_right\n");
    vi.stubEnv("HF_TOKEN", "hf_wrong"); // comes first
    await expect(download()).rejects.toThrow("[MISSING_FILE]");
    vi.stubEnv("HF_TOKEN", "");
    await expect(download()).resolves.toContain("models--you--tiny");
    hub.files["merges.txt"] = Buffer.from("more");
    await writeFile(join(cacheDirectory, "token"), "hf_wrong\n");
    vi.stubEnv("HF_TOKEN", "hf_right");
    expect(await readdir(await download())).toContain("merges.txt");
  });
});

test("a hub that does not answer is named, with the reason", async () => {
  await hub.stop();
  const { port } = new URL(endpoint);
  await expect(pretrainedGpt2("gpt2", options())).rejects.toThrow(
    `[MISSING_FILE] Cannot get "gpt2" (revision main) from the Hugging Face hub: ${endpoint} does not answer (connect ECONNREFUSED 127.0.0.1:${port}). Check the name and the network. A local folder must exist and be written with a slash, such as ./gpt2.`,
  );
  await expect(
    pretrainedGpt2("you/tiny", { ...options(), endpoint: "no address" }),
  ).rejects.toThrow("no address does not answer (Invalid URL). Check");
  await hub.start();
});

test("a token is sent to a private hub", async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await expect(
    downloadFromHub("you/tiny", all, {
      cacheDirectory,
      endpoint: `http://127.0.0.1:${port}`,
      accessToken: "hf_secret",
    }),
  ).rejects.toThrow("[MISSING_FILE]");
  expect(seen).toEqual(["Bearer hf_secret"]);
  server.close();
});

test("a partial file that another version left behind is not trusted", async () => {
  hub.files["config.json"] = Buffer.from('{"a": 1}');
  const snapshot = join(cacheDirectory, "models--you--tiny/snapshots", commit);
  const { mkdir } = await import("node:fs/promises");
  await mkdir(snapshot, { recursive: true });
  await writeFile(join(snapshot, "config.json.incomplete"), "wrong");
  await expect(downloadFromHub("you/tiny", all, options())).rejects.toThrow("damaged");
  const folder = await downloadFromHub("you/tiny", all, options());
  expect(await readFile(join(folder, "config.json"), "utf8")).toBe('{"a": 1}');
});
