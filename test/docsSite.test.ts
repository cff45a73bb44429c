import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeProgram } from "@metalearn/cli";
import { defineFactory, definePlugin, referenceTo } from "@metalearn/core";
import { createToolkit } from "@metalearn/core/runs";
import { expect, test } from "vitest";
import { z } from "zod";
import { deadAnchors } from "../docs/.vitepress/site/anchors.js";
import { commandsPage, leaves } from "../docs/.vitepress/site/commands.js";
import { anchorOf } from "../docs/.vitepress/site/headings.js";
import { componentsPage } from "../docs/.vitepress/site/options.js";
import { fileOf, follow, pageOf } from "../docs/.vitepress/site/pages.js";
import { referencePages } from "../docs/.vitepress/site/reference.js";
import { pathInRepository } from "../docs/.vitepress/site/repository.js";
import { searchBoost } from "../docs/.vitepress/site/searchBoost.js";
import { documents } from "./support/documents.js";
import { officialToolkit } from "./support/officialToolkit.js";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** Markdown without its code. */
const prose = (file: string) => read(file).replace(/^```.*?^```$|`[^`\n]*`/gms, "");

/** Anchors of headings. */
const anchorsOf = (file: string) => {
  const text = read(file).replace(/^```.*?^```$/gms, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => anchorOf(title));
};

const linksOf = (file: string) =>
  [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);

test.each(documents)("links in %s lead somewhere", (written) => {
  for (const address of linksOf(written)) {
    const inRepository = pathInRepository(address);
    const [file, link] =
      inRepository === undefined ? [written, address] : ["README.md", inRepository];
    if (/^[a-z]+:/.test(link)) continue;
    const [path = "", anchor] = link.split("#");
    if (path.startsWith("/")) {
      const generated = referencePages.map(({ page }) => `/reference/${page}`);
      expect(["/api/", ...generated], link).toContain(path);
      continue;
    }
    const target = path === "" ? { kind: "page", page: pageOf(file) } : follow(file, path);
    if (anchor === undefined || target.kind !== "page") continue;
    const page = "page" in target ? (target.page ?? "") : "";
    expect(anchorsOf(fileOf(page) ?? "README.md"), link).toContain(anchor);
  }
});

// npm shows a README without the repository around it.
test.each(documents.filter((file) => /^packages\/[^/]+\/README\.md$/.test(file)))(
  "links in %s lead somewhere on npm",
  (file) => {
    expect(linksOf(file).filter((link) => !/^(https?:|#)/.test(link))).toEqual([]);
  },
);

test("a link that leads nowhere is an error that names it", () => {
  expect(() => follow("docs/concepts.md", "../packages/cor/README.md")).toThrow(
    "docs/concepts.md: the link to ../packages/cor/README.md leads nowhere; there is no packages/cor/README.md.",
  );
});

test("READMEs are pages, sources are not, and pages know their files", () => {
  expect(follow("docs/guides/author.md", "../../packages/core/README.md")).toEqual({
    kind: "page",
    page: "packages/core",
  });
  expect(follow("README.md", "packages/core/src/index.ts")).toEqual({
    kind: "source",
    path: "packages/core/src/index.ts",
  });
  expect(fileOf("packages/core")).toBe("packages/core/README.md");
  expect(fileOf("guides/author")).toBe("docs/guides/author.md");
  expect(fileOf("no-such-page")).toBeUndefined();
});

test("the search finds guides before tables of options, and those before the API", () => {
  const pages = ["/metalearn/guides/author#test-it", "/reference/config", "/api/core/Learner"];
  // As the browser gets it.
  const sent = new Function(`return ${searchBoost.toString()}`)() as typeof searchBoost;
  const [guide = 0, option = 0, api = 0] = pages.map((page) => sent(page));
  expect(guide).toBeGreaterThan(option);
  expect(option).toBeGreaterThan(5 * api); // a page of the API has a word in many more places
});

test("the page of learners lists those that have pages of their own", () => {
  const overview = componentsPage(officialToolkit, "learner");
  expect(overview).toContain("- [`meta-sgd`](/reference/learners-maml#meta-sgd): MAML with");
  expect(overview).not.toContain("| option |");
  const maml = componentsPage(officialToolkit, "learner", "@metalearn/algorithms-maml");
  const metaicl = componentsPage(officialToolkit, "learner", "@metalearn/algorithms-metaicl");
  const headings = (page: string) => [...page.matchAll(/^## `(.+)`$/gm)].map(([, name]) => name);
  expect([...headings(maml), ...headings(metaicl)].sort()).toEqual(
    [...officialToolkit.names("learner")].sort(),
  );
  expect(headings(metaicl)).toEqual(["fine-tune", "metaicl", "metaict"]);
});

// As GitHub makes them: https://docs.github.com, "Basic writing and formatting syntax", section links.
test.each([
  ["Ways to answer, and metrics", "ways-to-answer-and-metrics"],
  ["`data check`", "data-check"],
  ["Fine-tuning, before or after meta-training", "fine-tuning-before-or-after-meta-training"],
  ['"Computing with wasm"', "computing-with-wasm"],
])("the anchor of %s", (heading, anchor) => {
  expect(anchorOf(heading)).toBe(anchor);
});

test("links to places that a built page does not have are found", () => {
  const pages = new Map([
    ["index", '<h2 id="here"></h2><a href="#here"></a><a href="/base/guide#there"></a>'],
    [
      "guide",
      '<a id="there"></a><a class="x" href="/base/#gone"></a><a href="https://a.b/#c"></a>',
    ],
  ]);
  expect(deadAnchors(pages, "/base/")).toEqual(["guide: /base/#gone"]);
});

test("a component's page has a row for each option, as its schema describes it", () => {
  const options = z
    .strictObject({
      steps: z.int().min(1).default(5).describe("Inner steps."),
      mode: z.enum(["a", "b"]).describe("One | other."),
      inner: referenceTo("optimizer"),
      limits: z.strictObject({ norm: z.number().positive().optional() }).optional(),
    })
    .describe("A learner.");
  const learners = { mine: defineFactory(options, () => ({}) as never) };
  const toolkit = createToolkit([definePlugin({ name: "@metalearn/mine", learners })]);
  expect(componentsPage(toolkit, "learner").split("\n").slice(2)).toEqual([
    "## `mine`",
    "",
    "A learner. From [@metalearn/mine](/packages/mine).",
    "",
    "| option | values | default | meaning |",
    "| --- | --- | --- | --- |",
    "| `steps` | whole number ≥ 1 | `5` | Inner steps. |",
    "| `mode` | `a`, `b` | required | One \\| other. |",
    "| `inner` | [an optimizer](/reference/optimizers) | required |  |",
    "| `limits` | map |  |  |",
    "| `limits.norm` | number > 0 |  |  |",
  ]);
});

test("every component of ours says what it is", () => {
  for (const { kind } of referencePages) {
    if (!kind) continue;
    for (const name of officialToolkit.names(kind)) {
      expect(officialToolkit.options(kind, name).description, name).toMatch(/\.$/);
    }
  }
});

test("the page of commands has every command with its options", () => {
  const page = commandsPage(describeProgram());
  expect(page).toContain("## `data check`");
  expect(page).toContain("| `-p`, `--parallel <count>` | runs at a time");
  const names = leaves(describeProgram()).map((command) => command.name());
  expect(names).not.toContain("work"); // hidden: only launchers call it
  expect(page.match(/^## /gm)).toHaveLength(names.length);
});

test("every error code is explained", () => {
  const codes = [...read("packages/core/src/errors.ts").matchAll(/^ {2}\| "(\w+)"/gm)];
  const explained = [...read("docs/troubleshooting.md").matchAll(/^\| `([A-Z_]+)`/gm)];
  const missing = codes.filter(([, code]) => !explained.some(([, other]) => other === code));
  expect(missing).toEqual([]);
  expect(codes.length).toBeGreaterThan(10);
});
