import { existsSync } from "node:fs";

const places = [
  process.env.CHROMIUM_PATH ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Path of a Chromium to test pages in, where there is one. */
export const chromiumPath = places.find((path) => path && existsSync(path));

/** Suffix of the titles of tests that need it. */
export const whyNoChromium = chromiumPath
  ? ""
  : "(skipped: no Chromium; CHROMIUM_PATH may name one)";
