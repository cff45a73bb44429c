import type { Complaint } from "../tensorFile.js";

/** Names and data outside of a pickle that it may refer to. */
export interface PickleWorld {
  /**
   * Values of the names that a pickle may import, such as `collections.OrderedDict`. Callable ones are functions of a
   * list of arguments; the pickle may change this list after the call. No other name is ever looked up.
   */
  readonly globals: ReadonlyMap<string, unknown>;
  /** Resolves a persistent id: data outside of the pickle. */
  persistent(id: unknown): unknown;
  readonly bad: Complaint;
}

/** A pickle's value, and where the bytes after it begin. */
export interface Unpickled {
  readonly value: unknown;
  readonly end: number;
}

/**
 * Reads a Python pickle without executing it: supports the operations of plain data (protocol 2, as torch.save writes
 * it) and the names of `world`, and refuses everything else.
 *
 * Dictionaries become Map, lists and tuples arrays, None null, and integers beyond 2^53 bigint. No operation creates
 * more data than the bytes that it reads, and nothing recurses.
 *
 * Source: Python's `Lib/pickletools.py`; the choice of operations is that of torch's
 * `_weights_only_unpickler.py`.
 *
 * @throws `world.bad` for a damaged pickle, or an unsupported operation or name
 */
export function unpickle(bytes: Buffer, start: number, world: PickleWorld): Unpickled {
  const { globals, persistent, bad } = world;
  let at = start;
  let stack: unknown[] = [];
  const outer: unknown[][] = []; // the stacks below each mark
  const memo = new Map<number, unknown>();

  const take = (count: number): Buffer => {
    if (at + count > bytes.length) throw bad("its pickle ends too early");
    at += count;
    return bytes.subarray(at - count, at);
  };
  const line = (): string => {
    const end = bytes.indexOf("\n", at);
    if (end < 0) throw bad("its pickle ends too early");
    return take(end + 1 - at)
      .toString("utf8")
      .slice(0, -1);
  };
  const push = (value: unknown) => void stack.push(value);
  const top = (): unknown => {
    if (stack.length === 0) throw bad("its pickle takes a value that is not there");
    return stack.at(-1);
  };
  const pop = (): unknown => {
    const value = top();
    stack.length--;
    return value;
  };
  const popMany = (count: number): unknown[] => {
    if (stack.length < count) throw bad("its pickle takes a value that is not there");
    return stack.splice(-count);
  };
  const popToMark = (): unknown[] => {
    const items = stack;
    const below = outer.pop();
    if (!below) throw bad("its pickle ends a group that was not begun");
    stack = below;
    return items;
  };
  const setItems = (items: readonly unknown[]) => {
    const target = top();
    if (!(target instanceof Map)) throw bad("its pickle puts an item into what is no dictionary");
    if (items.length % 2 !== 0) throw bad("its pickle has a key without a value");
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  };
  const append = (items: readonly unknown[]) => {
    const target = top();
    if (!Array.isArray(target)) throw bad("its pickle appends to what is no list");
    for (const item of items) target.push(item);
  };
  const recall = (index: number) => {
    if (!memo.has(index)) throw bad(`its pickle recalls value ${index}, which it never stored`);
    push(memo.get(index));
  };

  const operations: Readonly<Record<string, () => void>> = {
    // Frame: the protocol's version, and groups that end with a mark
    "\x80": () => {
      const version = take(1).readUInt8();
      if (version !== 2) throw bad(`its pickle has protocol ${version}; torch.save writes 2`);
    },
    "(": () => {
      outer.push(stack);
      stack = [];
    },
    // Plain values
    N: () => push(null),
    "\x88": () => push(true),
    "\x89": () => push(false),
    K: () => push(take(1).readUInt8()),
    M: () => push(take(2).readUInt16LE()),
    J: () => push(take(4).readInt32LE()),
    "\x8a": () => push(longInteger(take(take(1).readUInt8()))),
    G: () => push(take(8).readDoubleBE()),
    X: () => push(take(take(4).readUInt32LE()).toString("utf8")),
    U: () => push(take(take(1).readUInt8()).toString("latin1")), // text of Python 2
    // Tuples, lists and dictionaries
    ")": () => push([]),
    "\x85": () => push(popMany(1)),
    "\x86": () => push(popMany(2)),
    "\x87": () => push(popMany(3)),
    t: () => push(popToMark()),
    "]": () => push([]),
    a: () => append([pop()]),
    e: () => append(popToMark()),
    "}": () => push(new Map()),
    s: () => setItems(popMany(2)),
    u: () => setItems(popToMark()),
    // Values that occur again
    q: () => void memo.set(take(1).readUInt8(), top()),
    r: () => void memo.set(take(4).readUInt32LE(), top()),
    h: () => recall(take(1).readUInt8()),
    j: () => recall(take(4).readUInt32LE()),
    // References to the outside
    c: () => {
      const name = `${line()}.${line()}`;
      if (!globals.has(name)) {
        throw bad(
          `its pickle asks for ${JSON.stringify(name)}, which plain tensors do not need, and nothing of it was executed. Where you trust the file, save its weights alone: torch.save(model.state_dict(), "weights.pt")`,
        );
      }
      push(globals.get(name));
    },
    R: () => {
      const args = pop();
      const callee = pop();
      if (typeof callee !== "function" || !Array.isArray(args)) {
        throw bad("its pickle calls what is no function");
      }
      push(callee(args));
    },
    b: () => {
      pop(); // attributes, such as the versions that state_dict() leaves on its dictionary
      if (!(top() instanceof Map)) throw bad("its pickle sets attributes of what has none");
    },
    Q: () => push(persistent(pop())),
  };

  for (;;) {
    const operation = String.fromCharCode(take(1)[0] as number);
    if (operation === ".") return { value: pop(), end: at };
    const run = operations[operation];
    if (!run) {
      const code = operation.charCodeAt(0).toString(16).padStart(2, "0");
      throw bad(`its pickle has operation 0x${code}, which plain tensors do not need`);
    }
    run();
  }
}

/** A signed integer, little-endian. */
function longInteger(bytes: Buffer): number | bigint {
  if (bytes.length === 0) return 0;
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x${hexBigEndian(bytes)}`));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function hexBigEndian(bytes: Buffer): string {
  return Buffer.from(bytes).reverse().toString("hex");
}
