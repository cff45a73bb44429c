import { mkdir } from "node:fs/promises";
import { MetaError } from "@metalearn/core";
import { afterEach, expect, test, vi } from "vitest";
import { printError } from "../src/failure.js";

const print = vi.spyOn(console, "error").mockImplementation(() => {});
afterEach(() => print.mockClear());

test("an error in what was given is its message, and ends with 2", () => {
  expect(printError(new MetaError("BAD_OPTION", "No."), false)).toBe(2);
  expect(print.mock.calls).toEqual([["[BAD_OPTION] No."]]);
});

test("an error that is no fault of what was given ends with 1", () => {
  expect(printError(new MetaError("NON_FINITE", "At meta-update 3."), false)).toBe(1);
  expect(print.mock.calls).toEqual([["[NON_FINITE] At meta-update 3."]]);
});

test("what the system refuses is no defect of metalearn, and ends with 1", async () => {
  const error = await mkdir("/dev/null/runs").catch((cause) => cause);
  expect(printError(error, false)).toBe(1);
  expect(print.mock.calls).toEqual([["ENOTDIR: not a directory, mkdir '/dev/null/runs'"]]);
});

test("an interrupt ends with 130", () => {
  expect(printError(new MetaError("INTERRUPTED", "Stopped."), false)).toBe(130);
});

test("an error that was not foreseen shows where it comes from", () => {
  const error = new TypeError("x is not a function");
  expect(printError(error, false)).toBe(1);
  expect(print.mock.calls).toEqual([["This should not have happened:", error]]);
});
