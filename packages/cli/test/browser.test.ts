import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromiumPath, whyNoChromium } from "@metalearn/test-support/chromium";
import type { Window } from "happy-dom";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildReport } from "../src/report/buildReport.js";
import { renderPage } from "../src/report/page.js";
import { comparedRun } from "./support/comparedRun.js";

// Functions for the browser are written here; its types are not those of Node.js.
declare const document: Window["document"];
declare const window: Window & { readonly axe: { run(): Promise<AxeResults> } };

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

const widths = { desktop: 1280, phone: 390 };

describe.skipIf(!chromiumPath)(`in Chromium, a report ${whyNoChromium}`, () => {
  let folder: string;
  let browser: Browser;
  let url: string;
  const requests: string[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "metalearn-cli-"));
    const names = ["untrained", "metaicl", "a-method-with-quite-a-long-name,innerSteps=2"];
    const line = (i: number) =>
      JSON.stringify({
        ...{ update: i, batches: 4 * i, tokens: 900 * i, seconds: 70 * i, loss: 3 / i },
        ...(i % 3 === 0 && { devScore: [0.4, 0.65, 0.6][i / 3 - 1] }),
      });
    await writeFile(
      join(folder, "metrics.jsonl"),
      Array.from({ length: 9 }, (_, i) => `${line(i + 1)}\n`).join(""),
    );
    const taskNames = Array.from(
      { length: 12 },
      (_, i) => `${i % 3 ? "glue" : "unseen"}-task-${i}`,
    );
    const runs = names.flatMap((name, m) =>
      [1, 2].map((seed) =>
        comparedRun({
          name,
          seed,
          directory: m === 0 ? "nowhere" : folder,
          tasks: Object.fromEntries(
            taskNames.map((task, t) => [task, { 100: (t + m + seed) / 18, 13: (t + m) / 18 }]),
          ),
          config: { learner: { use: name } },
          record: { trainingTasks: ["glue-task-1"], data: { "glue-task-1/a.jsonl": "ab12" } },
        }),
      ),
    );
    const file = join(folder, "report.html");
    await writeFile(file, renderPage(await buildReport(runs, { title: "Tiny", note: "A note." })));
    url = pathToFileURL(file).href;
    browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  async function open(width: number, colorScheme: "light" | "dark" = "light"): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(url);
    return page;
  }

  test.each(Object.entries(widths))("fits a %s (%d pixels)", async (name, width) => {
    const page = await open(width);
    const { scrollWidth, firstColumn, small } = await page.evaluate(() => {
      const texts = [...document.querySelectorAll("svg text, td, th, p, figcaption")];
      // Measures the height as drawn, not as the style asks for: pictures may be scaled down.
      const height = (of: (typeof texts)[number]) => of.getBoundingClientRect().height;
      const isSmall = (of: (typeof texts)[number]) => height(of) > 0 && height(of) < 10;
      return {
        scrollWidth: document.documentElement.scrollWidth,
        // The header stays in place while the rest scrolls, and must leave some room.
        firstColumn: Math.max(
          ...[...document.querySelectorAll("tbody th")].map(
            (cell) => cell.getBoundingClientRect().width,
          ),
        ),
        small: texts.filter(isSmall).map(({ textContent }) => textContent),
      };
    });
    expect(scrollWidth).toBe(width);
    expect(firstColumn).toBeLessThan(width / 2);
    expect(small).toEqual([]);
    if (process.env.METALEARN_SCREENSHOTS) {
      const path = join(process.env.METALEARN_SCREENSHOTS, `report-${name}.png`);
      await page.screenshot({ path, fullPage: true });
    }
    await page.close();
  });

  test.each(["light", "dark"] as const)("is accessible in %s colours", async (scheme) => {
    for (const width of Object.values(widths)) {
      const page = await open(width, scheme);
      await page.evaluate(() => {
        for (const details of document.querySelectorAll("details")) details.open = true;
      });
      await page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core") });
      const violations = await page.evaluate(async () => {
        return (await window.axe.run()).violations.map(({ id, nodes }) => [id, nodes[0]?.html]);
      });
      expect(violations).toEqual([]);
      await page.close();
    }
  });

  test("is dark where the reader's system is", async () => {
    const brightness = async (scheme: "light" | "dark") => {
      const page = await open(widths.desktop, scheme);
      const colour = await page.evaluate(
        () => window.getComputedStyle(document.body).backgroundColor,
      );
      await page.close();
      return Number(/\d+/.exec(colour)?.[0]);
    };
    expect(await brightness("light")).toBe(255);
    expect(await brightness("dark")).toBeLessThan(40);
  });

  test("can be read with the keyboard alone", async () => {
    const page = await open(widths.phone);
    await page.keyboard.press("Tab");
    const first = () => page.evaluate(() => document.activeElement?.getAttribute("role"));
    expect(await first()).toBe("region");
    for (let i = 0; i < 6; i++) await page.keyboard.press("ArrowRight");
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.scrollLeft ?? 0))
      .toBeGreaterThan(40);
    // Moves on to the first part that can be opened.
    const tag = () => page.evaluate(() => document.activeElement?.tagName);
    for (let i = 0; i < 10 && (await tag()) !== "SUMMARY"; i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.querySelector("details")?.open)).toBe(true);
    await page.close();
  });

  test("has a unit on every axis, and a text in place of every picture", async () => {
    const page = await open(widths.desktop);
    const charts = await page.evaluate(() =>
      [...document.querySelectorAll("svg[role=img]")].map((svg) => ({
        label: svg.getAttribute("aria-label"),
        description: svg.getAttribute("aria-description"),
        axes: [...svg.querySelectorAll("[aria-label$='axis label']")].map((a) => a.textContent),
      })),
    );
    expect(charts.map(({ axes }) => axes)).toEqual([
      ["score (%) →"],
      ["score (%) →"],
      ["↑ query loss (nats)", "steps (batches read) →"],
      ["↑ query loss (nats)", "tokens read (tokens, padding included) →"],
      ["↑ query loss (nats)", "training time (min) →"],
      ["↑ score on dev tasks (%)", "steps (batches read) →"],
    ]);
    expect(charts.at(-1)?.description).toContain("metaicl, seed 2 is best at 65.0 %");
    for (const { label, description } of charts)
      expect(`${label}: ${description}`).toMatch(/\w{5}.*: \w{1}.{40}/);
    await page.close();
  });

  test("asks for nothing and complains of nothing", () => {
    expect(new Set(requests)).toEqual(new Set([url]));
    expect(problems).toEqual([]);
  });
});
