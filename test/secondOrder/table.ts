import type { Operation } from "./operation.js";
import { operations } from "./operations.js";

/** docs/second-order-operations.md, from the cases that the tests try. */
export function operationsPage(): string {
  const rows = Object.entries(operations).sort(([a], [b]) => (a < b ? -1 : 1));
  const all = rows.map(([, operation]) => operation);
  const count = (has: (operation: Operation) => unknown) => all.filter(has).length;
  return `# Operations in second order

Every operation of TensorFlow.js 4.22, and how it fares when a gradient that goes through it is differentiated
again. Of ${all.length} operations, ${count(({ exact }) => exact)} are exact: gradient and Hessian agree with central differences, in the
cases named. ${count(({ exact, constant }) => constant && !exact)} are constants, because their values are integers or booleans, or jump; ${count(({ exact, refused }) => refused && !exact)} are refused
with an error that names them (\`NOT_DIFFERENTIABLE\`); ${count(({ none }) => none)} take nothing to differentiate by. None is wrong without a word. An engine may
lack a kernel; then there is an error, too: WebAssembly has no gradients of convolutions and of \`maxPool\`.

[How much second order there is](second-order.md#what-can-be-differentiated-twice) says what makes them right, and what to do about a refusal.

| operation | second derivative | cases |
| --- | --- | --- |
${rows.map(([name, operation]) => rowOf(name, operation)).join("\n")}

This page is written by \`npm run docs:operations\` from [the cases](../test/secondOrder/operations.ts) that the tests try.
`;
}

function rowOf(name: string, { exact, constant, refused, because, none }: Operation): string {
  const verdict = exact ? "exact" : constant ? "constant" : refused ? "refused" : "none";
  const also = Object.keys(exact ?? {}).filter(Boolean);
  const named = (cases: Operation["exact"]) => Object.keys(cases ?? {}).join("; ");
  const remarks = [
    also.join("; "),
    exact && constant ? `constant ${named(constant)}` : "",
    refused ? [exact ? `refused ${named(refused)}` : "", because].filter(Boolean).join(": ") : "",
    none ?? "",
  ];
  return `| \`${name}\` | ${verdict} | ${remarks.filter(Boolean).join("; ")} |`;
}
