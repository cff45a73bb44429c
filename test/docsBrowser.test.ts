import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { chromiumPath, whyNoChromium } from "@metalearn/test-support/chromium";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { html: string }[];
  }[];
}

const site = join(import.meta.dirname, "../docs/.vitepress/dist");
const isBuilt = existsSync(join(site, "index.html"));
const why = isBuilt ? whyNoChromium : "(skipped: not built; npm run docs)";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** Serves the site as GitHub Pages does: `/concepts` is `concepts.html`. */
function serve(): Server {
  return createServer(async ({ url = "/" }, response) => {
    const path = new URL(url, "http://site").pathname;
    const file = path.endsWith("/") ? `${path}index.html` : extname(path) ? path : `${path}.html`;
    const content = await readFile(join(site, file)).catch(() => undefined);
    response.writeHead(content ? 200 : 404, { "content-type": types[extname(file)] ?? "" });
    response.end(content);
  });
}

const widths = { desktop: 1280, phone: 390 };
const pages = [
  "",
  "concepts",
  "guides/author",
  "coming-from-metaicl",
  "second-order",
  "reference/learners",
  "reference/commands",
  "packages/cli",
  "api/@metalearn/core/functions/metaTrain",
];

describe.skipIf(!isBuilt || !chromiumPath)(`in Chromium, the documentation site ${why}`, () => {
  let server: Server;
  let browser: Browser;
  const problems: string[] = [];

  beforeAll(async () => {
    server = serve();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function open(path: string, width: number, colorScheme: "light" | "dark"): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("requestfailed", (request) => problems.push(request.url()));
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/${path}`, { waitUntil: "load" });
    if (process.env.METALEARN_SCREENSHOTS) {
      const name = `site-${path.replaceAll(/[/@]+/g, "-") || "home"}-${width}-${colorScheme}.png`;
      await page.screenshot({ path: join(process.env.METALEARN_SCREENSHOTS, name) });
    }
    return page;
  }

  test.each(pages)(
    "/%s fits a desktop and a phone, light and dark, and is accessible",
    async (path) => {
      for (const [scheme, width] of [
        ["light", widths.desktop],
        ["dark", widths.phone],
      ] as const) {
        const page = await open(path, width, scheme);
        // Texts, since the types of Node.js know no document.
        const scrollWidth = await page.evaluate("document.documentElement.scrollWidth");
        const empty = await page.evaluate(
          "[...document.querySelectorAll('main img')].filter((image) => !image.naturalWidth).length",
        );
        expect(scrollWidth, `${path} at ${width}`).toBe(width);
        expect(empty).toBe(0);
        // Around the text everything is VitePress's.
        await page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core") });
        const { violations } = await page.evaluate<AxeResults>("axe.run('.vp-doc')");
        expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
        await page.close();
      }
    },
  );

  test("drawings take the colours of the page", async () => {
    const fill = async (scheme: "light" | "dark") => {
      const page = await open("concepts", widths.desktop, scheme);
      const colour = await page.evaluate(
        "getComputedStyle(document.querySelector('svg.drawing rect')).fill",
      );
      await page.close();
      return colour;
    };
    expect(await fill("light")).toBe("rgb(216, 235, 255)");
    expect(await fill("dark")).toBe("rgb(20, 61, 99)");
  });

  test("nothing is complained of", () => {
    expect(problems).toEqual([]);
  });
});
