import { expect, test, vi } from "vitest";
import { cacheDirectory } from "../src/cacheDirectory.js";

test("the cache is METALEARN_CACHE, else in the user's folder for caches", () => {
  vi.stubEnv("METALEARN_CACHE", "/data/cache");
  expect(cacheDirectory()).toBe("/data/cache");
  vi.stubEnv("METALEARN_CACHE", undefined);
  vi.stubEnv("XDG_CACHE_HOME", "/xdg");
  if (process.platform === "linux") expect(cacheDirectory()).toBe("/xdg/metalearn");
  vi.stubEnv("XDG_CACHE_HOME", undefined);
  vi.stubEnv("HOME", "/home/someone");
  if (process.platform === "linux") expect(cacheDirectory()).toBe("/home/someone/.cache/metalearn");
  vi.unstubAllEnvs();
});
