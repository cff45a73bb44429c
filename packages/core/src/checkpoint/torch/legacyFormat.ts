import type { FileHandle } from "node:fs/promises";
import { type Complaint, readFully } from "../tensorFile.js";
import type { TorchContents } from "./contents.js";
import { longestPickle, storedBytes, type TorchStorage, unpickleTensors } from "./stateDict.js";

const magicNumber = 0x1950a86a20f9469cfc6cn;
const version = 1001;
const convert = `Write it again: python -c "import torch; torch.save(torch.load('FILE', weights_only=True), 'weights.pt')"`;

/**
 * The format before torch 1.6: pickles one after the other (a magic number, the format's version, the
 * machine's types, the object, the keys of its storages), then the storages in the order of the keys, each
 * after its number of elements.
 *
 * Source: torch's `serialization.py`, `_legacy_save`.
 */
export async function readLegacy(file: FileHandle, bad: Complaint): Promise<TorchContents> {
  const { size } = await file.stat();
  const head = Buffer.alloc(Math.min(size, longestPickle));
  await readFully(file, head, 0, bad);
  // Every pickle begins with its protocol.
  if (head[0] !== 0x80) throw bad(`it is neither a ZIP archive nor a pickle. ${convert}`);
  let at = 0;
  const storages = new Map<string, TorchStorage>();
  const next = (): unknown => {
    const read = unpickleTensors(head, at, bad);
    at = read.end;
    for (const storage of read.storages) storages.set(storage.key, storage);
    return read.value;
  };
  if (next() !== magicNumber) throw bad("its pickle is not one of torch.save");
  if (next() !== version) throw bad(`its format is of another version than ${version}. ${convert}`);
  const machine = next();
  if (!(machine instanceof Map) || machine.get("little_endian") !== true) {
    throw bad("its numbers are not little-endian");
  }
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) throw bad("it does not list its storages");

  const positions = new Map<string, number>();
  for (const key of keys) {
    const storage = storages.get(key);
    if (!storage || positions.has(key)) throw bad("it lists a storage that no tensor has");
    const count = Buffer.alloc(8);
    await readFully(file, count, at, bad);
    if (count.readBigUInt64LE() !== BigInt(storage.elements)) {
      throw bad(`a storage has ${count.readBigUInt64LE()} elements, not ${storage.elements}`);
    }
    positions.set(key, at + count.length);
    at += count.length + storage.elements * (storedBytes[storage.dtype] as number);
    if (at > size) throw bad("it ends too early");
  }
  if (at < size) throw bad(`${size - at} bytes follow its last storage`);
  if (positions.size < storages.size) throw bad("it does not list all of its storages");
  return {
    value,
    // The format has no checksums.
    place: (key) => ({ position: positions.get(key) as number, verify: async () => {} }),
  };
}
