import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { type RotaryScaling, rotaryAngles, rotate } from "../src/index.js";

const far = [0, 1, 255, 256, 257, 511, 8191, 65_536, 131_071];

/** The angles of Su et al. 2021, in float64. */
function expectAngles(theta: number, width: number, scaling?: RotaryScaling, divisors?: number[]) {
  const { cos, sin } = rotaryAngles(width, 131_072, { theta, scaling })(tf.tensor1d(far, "int32"));
  expect(cos.shape).toEqual([far.length, width / 2]);
  const [cosines, sines] = [cos.arraySync(), sin.arraySync()];
  far.forEach((position, row) => {
    for (let i = 0; i < width / 2; i++) {
      const angle = (position * theta ** ((-2 * i) / width)) / (divisors?.[i] ?? 1);
      // The tables' rounding and that of the addition theorem, however far the position.
      expect(Math.abs(Number(cosines[row]?.[i]) - Math.cos(angle))).toBeLessThan(2e-7);
      expect(Math.abs(Number(sines[row]?.[i]) - Math.sin(angle))).toBeLessThan(2e-7);
    }
  });
}

describe("rotary angles", () => {
  test("are those of the paper, at far positions as well", () => {
    expectAngles(10_000, 8);
    expectAngles(500_000, 64);
  });

  test("with linear scaling are those of positions divided by the factor", () => {
    expectAngles(10_000, 8, { type: "linear", factor: 4 }, [4, 4, 4, 4]);
  });

  test("with Llama 3.1's scaling keep short waves and stretch long ones", () => {
    const scaling = {
      type: "llama3",
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalMaxTokens: 64,
    } as const;
    const turns = [0, 1, 2, 3].map((i) => (64 * 25 ** (-i / 4)) / (2 * Math.PI));
    expect(turns.map((each) => Number(each.toFixed(1)))).toEqual([10.2, 4.6, 2, 0.9]);
    const share = ((turns[2] as number) - 1) / 3;
    expectAngles(25, 8, scaling, [1, 1, 1 / (share + (1 - share) / 8), 8]);
  });

  test("turn number i of a head with number i + D/2, as complex numbers", () => {
    const angles = { cos: tf.tensor2d([[0, 0.6]]), sin: tf.tensor2d([[1, 0.8]]) };
    // (1 + 3i) i = -3 + i and (2 + 4i) (0.6 + 0.8i) = -2 + 4i
    const turned = rotate(tf.tensor3d([1, 2, 3, 4], [1, 1, 4]), angles).dataSync();
    [-3, -2, 1, 4].forEach((wanted, i) => {
      expect(turned[i]).toBeCloseTo(wanted, 6);
    });
  });

  test("turn the first numbers of a wider head, and leave the others", () => {
    const angles = { cos: tf.tensor2d([[0, 0.6]]), sin: tf.tensor2d([[1, 0.8]]) };
    const turned = rotate(tf.tensor3d([1, 2, 3, 4, 5, 6, 7], [1, 1, 7]), angles).dataSync();
    [-3, -2, 1, 4, 5, 6, 7].forEach((wanted, i) => {
      expect(turned[i]).toBeCloseTo(wanted, 6);
    });
  });
});
