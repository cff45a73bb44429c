import { type Complaint, elementsOf, isCounts, type StoredTensor } from "../tensorFile.js";
import { type Unpickled, unpickle } from "./unpickle.js";

/** Consecutive numbers, of which tensors are views. */
export interface TorchStorage {
  readonly kind: "storage";
  readonly key: string;
  readonly dtype: string;
  readonly elements: number;
}

/** A tensor as a view of a storage; offset and strides are counted in elements. */
export interface TorchTensor extends StoredTensor {
  readonly kind: "tensor";
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** A pickle of torch.save: the object, and every storage that it mentions. */
export interface PickledTensors extends Unpickled {
  readonly storages: readonly TorchStorage[];
}

/**
 * Maximum length of a pickle, in bytes: room for some 10,000 tensors. A larger one may be an attack on memory, since
 * an operation of one byte can create an object of a hundred.
 */
export const longestPickle = 2_000_000;

/** Torch's storage classes: the type's name in safetensors, and the bytes of an element. */
const storageTypes = {
  FloatStorage: ["F32", 4],
  DoubleStorage: ["F64", 8],
  HalfStorage: ["F16", 2],
  BFloat16Storage: ["BF16", 2],
  ByteStorage: ["U8", 1],
  CharStorage: ["I8", 1],
  ShortStorage: ["I16", 2],
  IntStorage: ["I32", 4],
  LongStorage: ["I64", 8],
  BoolStorage: ["BOOL", 1],
} as const;

/** Bytes of an element of every type that a storage may have. */
export const storedBytes: Readonly<Record<string, number>> = Object.fromEntries(
  Object.values(storageTypes),
);

/**
 * Reads a pickle that holds tensors, dictionaries, lists and plain values. The only names of torch that it may import
 * are those that rebuild tensors; no code runs.
 *
 * @throws `bad` if it imports another name, or a tensor reaches beyond its storage
 */
export function unpickleTensors(bytes: Buffer, start: number, bad: Complaint): PickledTensors {
  const storages = new Map<string, TorchStorage>();
  const globals = new Map<string, unknown>([
    ["collections.OrderedDict", (args: readonly unknown[]) => orderedDict(args, bad)],
    ["torch._utils._rebuild_tensor_v2", (args: readonly unknown[]) => rebuildTensor(args, bad)],
    ["torch._utils._rebuild_parameter", (args: readonly unknown[]) => rebuildParameter(args, bad)],
    ...Object.entries(storageTypes).map(([name, [dtype]]) => [`torch.${name}`, { dtype }] as const),
  ]);
  const persistent = (id: unknown): TorchStorage => {
    const storage = parseStorage(id, bad);
    const known = storages.get(storage.key);
    if (known && (known.dtype !== storage.dtype || known.elements !== storage.elements)) {
      throw bad(`storage ${storage.key} is of two kinds`);
    }
    storages.set(storage.key, storage);
    return storage;
  };
  const read = unpickle(bytes, start, { globals, persistent, bad });
  return { ...read, storages: [...storages.values()] };
}

/**
 * The tensors of a state dict by name; other values are left out.
 *
 * @throws `bad` when there are none
 */
export function namedTensors(value: unknown, bad: Complaint): Record<string, TorchTensor> {
  if (!(value instanceof Map)) throw bad("it holds no dictionary of tensors by name");
  const tensors: Record<string, TorchTensor> = {};
  for (const [name, tensor] of value) {
    if (typeof name !== "string" || !isTensor(tensor)) continue;
    if (name === "__proto__") throw bad("no tensor can have this name: __proto__");
    tensors[name] = tensor;
  }
  if (Object.keys(tensors).length > 0) return tensors;
  const keys = [...value.keys()].filter((key) => typeof key === "string").slice(0, 8);
  throw bad(
    `it has no tensors under ${keys.length > 0 ? keys.join(", ") : "any name"}. If they are one level deeper, save that alone: python -c "import torch; torch.save(torch.load('FILE')['KEY'], 'weights.pt')"`,
  );
}

function orderedDict(args: readonly unknown[], bad: Complaint): Map<unknown, unknown> {
  if (args.length > 0) throw bad("its pickle makes an OrderedDict of arguments");
  return new Map();
}

function rebuildTensor(args: readonly unknown[], bad: Complaint): TorchTensor {
  const [storage, offset, shape, strides, _requiresGradient, _hooks, flags] = args;
  if (!isStorage(storage) || !isCounts([offset]) || !isCounts(shape) || !isCounts(strides)) {
    throw bad("its pickle describes a malformed tensor");
  }
  // Lazily conjugated or negated numbers: the storage does not hold what the tensor means.
  if (flags instanceof Map && [...flags.values()].some((set) => set !== false)) {
    throw bad("it has a tensor that is still to be negated or conjugated");
  }
  const tensor: TorchTensor = {
    kind: "tensor",
    storage,
    dtype: storage.dtype,
    offset: offset as number,
    shape: [...shape], // the pickle still holds the lists, and could change them
    strides: [...strides],
  };
  const elements = elementsOf(tensor.shape);
  if (tensor.strides.length !== tensor.shape.length || !Number.isSafeInteger(elements)) {
    throw bad("its pickle describes a malformed tensor");
  }
  if (elements > 0 && tensor.offset + extentOf(tensor) > storage.elements) {
    throw bad(
      `a tensor of shape [${shape}] reaches beyond its storage of ${storage.elements} elements`,
    );
  }
  return tensor;
}

/** Returns the tensor of a parameter; `requires_grad` is ignored. */
function rebuildParameter([tensor]: readonly unknown[], bad: Complaint): TorchTensor {
  if (!isTensor(tensor)) throw bad("its pickle describes a malformed parameter");
  return tensor;
}

/** Number of storage elements from the first to the last element of a non-empty tensor, both included. */
export function extentOf({ shape, strides }: Pick<TorchTensor, "shape" | "strides">): number {
  return shape.reduce((sum, size, i) => sum + (size - 1) * (strides[i] as number), 1);
}

/** `("storage", torch.FloatStorage, "0", "cpu", 6)`; before torch 1.6 with None at the end. */
function parseStorage(id: unknown, bad: Complaint): TorchStorage {
  const [kind, type, key, _device, elements, view = null] = Array.isArray(id) ? id : [];
  if (kind !== "storage" || typeof key !== "string" || !isCounts([elements]) || view !== null) {
    throw bad("its pickle refers to data that is no storage");
  }
  const { dtype } = Object(type) as { dtype?: unknown };
  if (typeof dtype !== "string") throw bad("its pickle has a storage of unknown type");
  return { kind: "storage", key, dtype, elements };
}

function isStorage(value: unknown): value is TorchStorage {
  return (value as { kind?: unknown } | null)?.kind === "storage";
}

function isTensor(value: unknown): value is TorchTensor {
  return (value as { kind?: unknown } | null)?.kind === "tensor";
}
