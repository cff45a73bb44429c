/** The operation of a pickle that gives a short text. Source: Python's `Lib/pickletools.py`, also below. */
export function text(of: string): string {
  return `X${String.fromCharCode(of.length)}\0\0\0${of}`;
}

/** The operation that gives a whole number. */
export function int(of: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(of));
  return `\x8a\x08${bytes.toString("latin1")}`;
}

/** A tensor as torch.save describes it: a 2 x 3 view of a storage of six numbers, unless told otherwise. */
export interface RawTensor {
  readonly type?: string;
  readonly key?: string;
  readonly elements?: number;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
}

/** The operations that give a tensor: `_rebuild_tensor_v2` of torch, called. */
export function tensor({
  type = "FloatStorage",
  key = "0",
  elements = 6,
  offset = 0,
  shape = [2, 3],
  strides = [3, 1],
}: RawTensor): string {
  const storage = `(${text("storage")}ctorch\n${type}\n${text(key)}${text("cpu")}${int(elements)}tQ`;
  const tuple = (of: readonly number[]) => `(${of.map(int).join("")}t`;
  const hooks = "ccollections\nOrderedDict\n)R";
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${int(offset)}${tuple(shape)}${tuple(strides)}\x89${hooks}tR`;
}

/** A pickle of a dictionary of tensors, in protocol 2. */
export function pickle(tensors: Readonly<Record<string, RawTensor>>): string {
  const items = Object.entries(tensors).map(([name, of]) => text(name) + tensor(of));
  return `\x80\x02}(${items.join("")}u.`;
}
