import { describe, expect, test } from "vitest";
import { matchingNames } from "../src/matchingNames.js";

const names = ["wte.weight", "h.0.ln.weight", "h.0.ln.bias", "h.10.ln.bias"];

describe("matchingNames", () => {
  test.each([
    [["*"], names],
    [["h.0.*"], ["h.0.ln.weight", "h.0.ln.bias"]],
    [
      ["*.bias", "wte.weight"],
      ["wte.weight", "h.0.ln.bias", "h.10.ln.bias"],
    ],
    [
      ["*", "!h.*.bias"],
      ["wte.weight", "h.0.ln.weight"],
    ],
    [["!h.*", "*"], ["wte.weight"]],
  ])("%j are %j, in the model's order", (patterns, expected) => {
    expect(matchingNames(names, patterns, "adapt")).toEqual(expected);
  });

  test.each([
    [
      ["h.0.*", "h.1.*"],
      'adapt: no parameter is called "h.1.*". The model has, for example: wte.weight,',
    ],
    [["*", "!head"], 'adapt: no parameter is called "head".'],
    [["h.0.l"], 'adapt: no parameter is called "h.0.l".'],
    [["h?0*"], 'adapt: no parameter is called "h?0*".'],
    [["h.*", "!*"], "adapt: h.*, !* leaves no parameter."],
    [["!wte.*"], "adapt: !wte.* leaves no parameter."],
    [[], "adapt: expected at least one pattern, got none."],
  ])("%j are refused", (patterns, message) => {
    expect(() => matchingNames(names, patterns, "adapt")).toThrow(`[BAD_OPTION] ${message}`);
  });
});
