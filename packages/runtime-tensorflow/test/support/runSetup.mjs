// Provides TensorFlow's files and prints what happens. Run by setupProcess.ts as its own process,
// which has to translate the TypeScript sources itself.
import { createServer, defaultServerConditions } from "vite";

const server = await createServer({
  configFile: false,
  root: import.meta.dirname,
  logLevel: "error",
  server: { middlewareMode: true, ws: false, watch: null },
  ssr: { resolve: { conditions: ["@metalearn/source", ...defaultServerConditions] } },
});
const sources = new URL("../../src/setup/", import.meta.url).pathname;
const { provideLibTensorFlow } = await server.ssrLoadModule(`${sources}provideLibTensorFlow.ts`);
const { withWorkDirectory } = await server.ssrLoadModule(`${sources}workDirectory.ts`);
await withWorkDirectory((workDirectory) =>
  provideLibTensorFlow({ cuda: false, force: false, workDirectory, notify: console.log }),
);
console.log("done");
await server.close();
