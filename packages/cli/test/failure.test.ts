import { MetaError } from "@metalearn/core";
import { afterEach, expect, test, vi } from "vitest";
import { report } from "../src/failure.js";

const print = vi.spyOn(console, "error").mockImplementation(() => {});
afterEach(() => print.mockClear());

test("an error that was foreseen is its message, and ends with 1", () => {
  expect(report(new MetaError("BAD_OPTION", "No."), false)).toBe(1);
  expect(print.mock.calls).toEqual([["[BAD_OPTION] No."]]);
});

test("an interrupt ends with 130", () => {
  expect(report(new MetaError("INTERRUPTED", "Stopped."), false)).toBe(130);
});

test("an error that was not foreseen shows where it comes from", () => {
  const error = new TypeError("x is not a function");
  expect(report(error, false)).toBe(1);
  expect(print.mock.calls).toEqual([["This should not have happened:", error]]);
});
