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

const all = z
  .strictObject({
    count: z.int().min(1).optional(),
    share: z.number().min(0).lt(1).optional(),
    rate: z.number().positive().optional(),
    text: z.string().min(1).optional(),
    list: z.array(z.int()).min(2).optional(),
    flag: z.boolean().optional(),
    choice: z.enum(["one", "two"]).optional(),
    either: z.union([z.enum(["all", "none"]), z.array(z.string())]).optional(),
    byName: z.union([z.string(), z.record(z.string(), z.enum(["f1", "accuracy"]))]).optional(),
    device: z
      .string()
      .regex(/^cpu|cuda:\d$/, "expected cpu or cuda:0")
      .optional(),
  })
  .refine(({ count = 1, share = 0 }) => share * count < 2, "share times count is above 2");

test.each<[object, string]>([
  [{ count: 0 }, "count: expected a whole number of at least 1, got 0."],
  [{ count: 1.5 }, "count: expected a whole number, got 1.5."],
  [{ count: Number.NaN }, "count: expected a whole number, got NaN."],
  [{ share: 1 }, "share: expected a number below 1, got 1."],
  [{ rate: 0 }, "rate: expected a number above 0, got 0."],
  [{ text: "" }, 'text: expected a string that is not empty, got "".'],
  [{ text: 3 }, "text: expected a string, got 3."],
  [{ list: [1] }, "list: expected a list of at least 2, got [1]."],
  [{ list: [1, "a"] }, 'list.1: expected a whole number, got "a".'],
  [{ flag: "yes" }, 'flag: expected true or false, got "yes".'],
  [{ choice: "tow" }, 'choice: expected "one" or "two", got "tow". Did you mean "two"?'],
  [{ either: 3 }, 'either: expected "all" or "none", or a list, got 3.'],
  [{ either: ["a", 1] }, "either.1: expected a string, got 1."],
  [
    { byName: { squad: "f2" } },
    'byName.squad: expected "f1" or "accuracy", got "f2". Did you mean "f1"?',
  ],
  [{ device: "gpu" }, 'device: expected cpu or cuda:0, got "gpu".'],
  [{ count: 9, share: 0.5 }, "share times count is above 2."],
  [{ count: () => 1 }, "count: expected a whole number, got a function."],
])("says what it expected, and what it got: %o", (given, message) => {
  expect(() => parseOptions(all, given)).toThrow(`[BAD_OPTION] ${message}`);
});
