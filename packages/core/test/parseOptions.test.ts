import { expect, test } from "vitest";
import { z } from "zod";
import { parseOptions } from "../src/plugin/parseOptions.js";

const options = z.strictObject({
  innerSteps: z.int().min(1).default(5),
  tasks: z.int().default(1),
});

test("fills in defaults", () => {
  expect(parseOptions(options, { tasks: 3 })).toEqual({ innerSteps: 5, tasks: 3 });
});

test("names what is wrong, and the nearest known key", () => {
  const wrong = { innerstep: 2, tasks: 0.5 } as object;
  expect(() => parseOptions(options, wrong)).toThrow(
    /^\[BAD_OPTION\] tasks: .*0\.5\.\nunknown key "innerstep"\. Did you mean "innerSteps"\?/,
  );
});
