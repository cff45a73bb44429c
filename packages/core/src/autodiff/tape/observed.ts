/** What was differentiated while one looked. */
export interface Observed {
  /** Operations whose second derivative nobody has compared with finite differences. */
  readonly unproven: ReadonlySet<string>;
  /** Whether there were operations whose gradient jumps, as that of a ReLU does. */
  readonly hasKinks: boolean;
}

let current: { readonly unproven: Set<string>; hasKinks: boolean } | undefined;

/** Tells whoever looks of an operation whose second derivative is not known to be right. */
export function noteUnproven(operation: string): void {
  current?.unproven.add(operation);
}

/** Tells whoever looks of an operation whose gradient jumps. */
export function noteKink(): void {
  if (current) current.hasKinks = true;
}

/** Runs `body` and looks at the operations that it differentiates. */
export function observing<T>(body: () => T): { readonly result: T; readonly observed: Observed } {
  const outer = current;
  const own = { unproven: new Set<string>(), hasKinks: false };
  current = own;
  try {
    return { result: body(), observed: own };
  } finally {
    current = outer;
    own.unproven.forEach(noteUnproven);
    if (own.hasKinks) noteKink();
  }
}

/** Runs `body`, whose operations are known to be right and smooth together. */
export function unobserved<T>(body: () => T): T {
  const outer = current;
  current = undefined;
  try {
    return body();
  } finally {
    current = outer;
  }
}
