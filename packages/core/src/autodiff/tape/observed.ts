/** Properties of the operations that were differentiated during {@link observing}. */
export interface Observed {
  /** Names of operations whose second derivative has not been compared with finite differences. */
  readonly unproven: ReadonlySet<string>;
  /** True if an operation has a gradient with jumps, like ReLU. */
  readonly hasKinks: boolean;
}

let current: { readonly unproven: Set<string>; hasKinks: boolean } | undefined;

/** Notes an operation whose second derivative has not been tested. No-op outside {@link observing}. */
export function noteUnproven(operation: string): void {
  current?.unproven.add(operation);
}

/** Notes an operation whose gradient has jumps. No-op outside {@link observing}. */
export function noteKink(): void {
  if (current) current.hasKinks = true;
}

/** Runs `body` and observes the operations that it differentiates. May be nested. */
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

/** Runs `body` without observing: its operations together are known to be right and smooth. */
export function unobserved<T>(body: () => T): T {
  const outer = current;
  current = undefined;
  try {
    return body();
  } finally {
    current = outer;
  }
}
