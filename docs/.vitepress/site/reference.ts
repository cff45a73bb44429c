import type { Kind } from "@metalearn/core";

/** A page below `reference/`. */
export interface ReferencePage {
  readonly page: string;
  readonly title: string;
  /** Kind of the components that it describes. */
  readonly kind?: Kind;
  /** Plugin whose components of that kind have this page to themselves. */
  readonly plugin?: string;
}

/** The pages below `reference/`. */
export const referencePages: readonly ReferencePage[] = [
  { page: "commands", title: "Commands" },
  { page: "config", title: "Config" },
  { page: "learners", title: "Learners", kind: "learner" },
  {
    page: "learners-maml",
    title: "Learners: MAML and its relatives",
    kind: "learner",
    plugin: "@metalearn/algorithms-maml",
  },
  {
    page: "learners-metaicl",
    title: "Learners: in context, and fine-tuning",
    kind: "learner",
    plugin: "@metalearn/algorithms-metaicl",
  },
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

/** The page that the components of a kind from one plugin have to themselves, if any. */
export function pageOfPlugin(kind: Kind, plugin: string): string | undefined {
  return referencePages.find((page) => page.kind === kind && page.plugin === plugin)?.page;
}
