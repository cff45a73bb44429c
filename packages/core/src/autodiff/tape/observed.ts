let unproven: Set<string> | undefined;

/** Notes an operation whose second derivative nobody has compared with finite differences. */
export function note(operation: string): void {
  unproven?.add(operation);
}

/** Runs `body` and lists the operations of which {@link note} was told. */
export function observing<T>(body: () => T): {
  readonly result: T;
  readonly unproven: ReadonlySet<string>;
} {
  const before = unproven;
  const own = new Set<string>();
  unproven = own;
  try {
    return { result: body(), unproven: own };
  } finally {
    unproven = before;
    for (const operation of own) before?.add(operation);
  }
}
