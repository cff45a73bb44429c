import { type Display, detailOf, type StepEvent } from "./display.js";
import { paceMeter } from "./pace.js";

const secondsBetweenLines = 30;

/**
 * Progress for logs and continuous integration: one line at the end of each phase and every half minute.
 * Results of validation are always printed.
 */
export function lines(stream: NodeJS.WriteStream): Display {
  let current: { kind: StepEvent["kind"]; pace: ReturnType<typeof paceMeter> } | undefined;
  let last = performance.now();
  return {
    begin(title) {
      current = undefined;
      last = performance.now();
      stream.write(`${title}\n`);
    },
    step(event) {
      const { kind, done, total } = event;
      if (current?.kind !== kind) current = { kind, pace: paceMeter(done) };
      const isDone = done === total;
      if (isDone && kind === "validate") return;
      if (!isDone && performance.now() - last < secondsBetweenLines * 1000) return;
      last = performance.now();
      const { rate, eta } = current.pace(done, total);
      const pace = isDone ? "" : `, ${rate}/s, ETA ${eta}`;
      stream.write(`  ${kind} ${done}/${total}, ${detailOf(event)}${pace}\n`);
    },
    say: (message) => void stream.write(`  ${message}\n`),
    end: () => {},
  };
}
