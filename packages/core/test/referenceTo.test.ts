import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { Learner } from "../src/contracts/learner.js";
import { defineOptimizer, type MetaOptimizer } from "../src/contracts/optimizer.js";
import { MetaError } from "../src/errors.js";
import { parseOptions } from "../src/plugin/parseOptions.js";
import { defineFactory, definePlugin } from "../src/plugin/plugin.js";
import { referenceTo } from "../src/plugin/reference.js";
import { createToolkit } from "../src/plugin/toolkit.js";
import { component } from "./support/plainPlugin.js";

const sgdOptions = z.strictObject({
  learningRate: z.number().default(0.1),
  inner: referenceTo("optimizer").optional(),
});

function sgd(given: z.input<typeof sgdOptions> = {}): MetaOptimizer & { given: object } {
  const options = parseOptions(sgdOptions, given);
  if (options.learningRate < 0) throw new MetaError("BAD_OPTION", "the rate is negative.");
  const optimizer = defineOptimizer({
    name: `sgd ${options.learningRate}`,
    slotNames: [],
    init: () => ({ step: 0, update: 0, slots: {} }),
    coefficients: () => ({}),
    apply: ({ params }) => ({ params, slots: {} }),
    adjoint: ({ gradients }, _, { params }) => ({ params, gradients, slots: {} }),
    learningRate: () => options.learningRate,
  });
  return { ...optimizer, given: options };
}

const learnerOptions = z.strictObject({
  optimizer: referenceTo("optimizer").describe("Takes the inner steps."),
  others: z.array(referenceTo("optimizer")).default([]),
  byName: z.record(z.string(), referenceTo("optimizer")).optional(),
  nested: z.strictObject({ optimizer: referenceTo("optimizer").optional() }).optional(),
  either: z.union([z.literal("own"), referenceTo("optimizer")]).default("own"),
  spare: referenceTo("optimizer").default(() => sgd({ learningRate: 9 })),
  steps: z.int().default(1),
});

/** A learner that is its options. */
const learner = (given: z.input<typeof learnerOptions>) => parseOptions(learnerOptions, given);

const toolkit = createToolkit([
  definePlugin({
    name: "test",
    optimizers: { sgd: defineFactory(sgdOptions, sgd) },
    learners: {
      plain: defineFactory(learnerOptions, (options) => component<Learner>(learner(options))),
    },
  }),
]);

const open = async (options: object) => {
  const reference = { use: "plain", ...options };
  const bench = toolkit.open({ seed: 1, references: { learner: reference } });
  return (await bench.get("learner")) as unknown as z.output<typeof learnerOptions>;
};
const check = (options: object) => toolkit.check("learner", { use: "plain", ...options });
const named = { use: "sgd", learningRate: 2 };

describe("in code, an option that is a component", () => {
  test("is the component, to the compiler as well", () => {
    const optimizer = sgd();
    expect(learner({ optimizer }).optimizer).toBe(optimizer);
    expectTypeOf<z.input<typeof learnerOptions>["optimizer"]>().toEqualTypeOf<MetaOptimizer>();
  });

  test.each([
    ["a name", { use: "sgd" }, '{"use":"sgd"}'],
    ["nothing", undefined, "nothing"],
    ["another kind of thing", () => {}, "a function"],
    ["an object without its functions", { name: "sgd" }, '{"name":"sgd"}'],
  ])("is not %s", (_, optimizer, got) => {
    // @ts-expect-error it is no MetaOptimizer
    expect(() => learner({ optimizer })).toThrow(
      `[BAD_OPTION] optimizer: expected an optimizer, e.g. sgd({ learningRate: 0.01 }), got ${got}.`,
    );
  });
});

describe("in a config, an option that is a component", () => {
  test("is named, and the factory is given it built", async () => {
    expect((await open({ optimizer: named })).optimizer.name).toBe("sgd 2");
  });

  test("is built before the one whose option it is, however deep", async () => {
    const { optimizer } = await open({
      optimizer: { ...named, inner: { ...named, inner: named } },
    });
    const { inner } = (optimizer as ReturnType<typeof sgd>).given as { inner: { given: object } };
    expect(inner.given).toMatchObject({ inner: { name: "sgd 2" } });
  });

  test("may be in a list, a record, a nested object or a union", async () => {
    const built = await open({
      optimizer: named,
      others: [named, { use: "sgd" }],
      byName: { a: named },
      nested: { optimizer: named },
      either: named,
    });
    expect(built.others.map(({ name }) => name)).toEqual(["sgd 2", "sgd 0.1"]);
    expect(built.byName?.a?.name).toBe("sgd 2");
    expect(built.nested?.optimizer?.name).toBe("sgd 2");
    expect(built.either).toMatchObject({ name: "sgd 2" });
    expect((await open({ optimizer: named, either: "own" })).either).toBe("own");
  });

  test("stays a name in the checked config, with the defaults of what it names", () => {
    const checked = check({ optimizer: { use: "sgd" }, others: [named] });
    expect(checked).toEqual({
      use: "plain",
      optimizer: { use: "sgd", learningRate: 0.1 },
      others: [named],
      either: "own",
      steps: 1,
    });
    expect(JSON.parse(JSON.stringify(checked))).toEqual(checked);
    expect(check(checked)).toEqual(checked);
  });

  test("may have a built default, which is left to the factory", async () => {
    expect((await open({ optimizer: named })).spare.name).toBe("sgd 9");
    expect(check({ optimizer: named, spare: named }).spare).toEqual(named);
  });

  test.each<[string, object, string]>([
    [
      "is missing",
      {},
      "[BAD_CONFIG] learner (plain).optimizer: expected an optimizer, e.g. { use: sgd, learningRate: 0.01 }, got nothing.",
    ],
    [
      "has no name",
      { optimizer: { use: 5 } },
      '[BAD_CONFIG] learner (plain).optimizer: expected an optimizer, e.g. { use: sgd, learningRate: 0.01 }, got {"use":5}.',
    ],
    [
      "has an unknown name",
      { optimizer: named, others: [{ use: "sdg" }] },
      '[UNKNOWN_NAME] learner (plain).others.0: No optimizer is called "sdg". Did you mean "sgd"?',
    ],
    [
      "has a wrong option",
      { optimizer: { use: "sgd", inner: { use: "sgd", rate: 1 } } },
      '[BAD_CONFIG] learner (plain).optimizer (sgd).inner (sgd): unknown key "rate".',
    ],
    [
      "is neither branch of a union",
      { optimizer: named, either: "pwn" },
      '[BAD_CONFIG] learner (plain).either: expected "own", or an optimizer, e.g. { use: sgd, learningRate: 0.01 }, got "pwn".',
    ],
    [
      "is built already",
      { optimizer: sgd() },
      "[BAD_CONFIG] learner (plain).optimizer: expected an optimizer, e.g. { use: sgd, learningRate: 0.01 }, got a built one.",
    ],
    [
      "is built in a union",
      { optimizer: named, either: sgd() },
      "[BAD_CONFIG] learner (plain).either: expected an optimizer, e.g. { use: sgd, learningRate: 0.01 }, got a built one.",
    ],
  ])("is refused by its place where it %s", (_, options, message) => {
    expect(() => check(options)).toThrow(message);
  });

  test("has the place in an error of its factory, too", async () => {
    await expect(open({ optimizer: { use: "sgd", learningRate: -1 } })).rejects.toThrow(
      "[BAD_OPTION] learner (plain).optimizer (sgd): the rate is negative.",
    );
  });
});

test("a function in a config is refused, since no record could hold it", () => {
  expect(() => check({ optimizer: named, steps: () => 1 })).toThrow(
    "[BAD_CONFIG] learner (plain).steps: expected a plain value, got a function.",
  );
});
