import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Workspace packages are tested from their sources, without a build.
  ssr: { resolve: { conditions: ["@metalearn/source", ...defaultServerConditions] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"],
    globalSetup: ["./test/support/build.ts"], // the command line runs as it is built
    setupFiles: ["./test/support/quiet.ts"],
    pool: "forks", // one engine per process
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
