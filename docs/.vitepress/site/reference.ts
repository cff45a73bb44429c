import type { Kind } from "@metalearn/core";

/** The pages below `reference/`. */
export const referencePages: readonly { page: string; title: string; kind?: Kind }[] = [
  { page: "commands", title: "Commands" },
  { page: "config", title: "Config" },
  { page: "learners", title: "Learners", kind: "learner" },
  { page: "tasks", title: "Tasks", kind: "tasks" },
  { page: "models", title: "Models", kind: "model" },
  { page: "adapters", title: "Adapters", kind: "adapter" },
  { page: "optimizers", title: "Optimizers", kind: "optimizer" },
  { page: "runtimes", title: "Runtimes", kind: "runtime" },
  { page: "trackers", title: "Trackers", kind: "tracker" },
  { page: "launchers", title: "Launchers", kind: "launcher" },
];

/** The page of a kind of component. */
export function pageOfKind(kind: Kind): string {
  const found = referencePages.find((page) => page.kind === kind);
  if (!found) throw new Error(`The reference has no page for "${kind}".`);
  return found.page;
}
