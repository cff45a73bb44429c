import type { FileHandle } from "node:fs/promises";
import { MetaError } from "../../errors.js";
import type { Params } from "../../params.js";
import { bytesPerElement, decodeTensor } from "../elementTypes.js";
import {
  type Complaint,
  elementsOf,
  openForReading,
  readAll,
  readableEntry,
  readFully,
  type TensorFile,
} from "../tensorFile.js";
import { gather, isContiguous } from "./gather.js";
import { readLegacy } from "./legacyFormat.js";
import { extentOf, namedTensors, type TorchTensor } from "./stateDict.js";
import { isZip, readZip } from "./zipFormat.js";

/**
 * Opens a state dict that torch.save wrote (`.pt`, `.bin`), in the ZIP format of torch 1.6 or in the older one.
 * Nothing in the file is executed: anything but plain tensors, dictionaries, lists and values is refused.
 * Views, transposed tensors and shared storages are read as torch reads them.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when the file is damaged, or holds more than tensors
 */
export function openTorch(path: string): Promise<TensorFile> {
  const bad: Complaint = (what, cause) =>
    new MetaError("BAD_CHECKPOINT", `${path} is not a usable file of torch.save: ${what}.`, {
      cause,
    });
  return openForReading(path, async (file) => {
    const contents = await ((await isZip(file, bad)) ? readZip : readLegacy)(file, bad);
    const entries = namedTensors(contents.value, bad);
    const entry = (name: string): TorchTensor => {
      const tensor = readableEntry(entries, name, bad);
      if (elementsOf(tensor.shape) <= tensor.storage.elements) return tensor;
      throw bad(`tensor "${name}" repeats its numbers; save it with .contiguous()`);
    };
    const verified = new Map<string, Promise<void>>();
    return {
      entries,
      entry,
      async read(name) {
        const tensor = entry(name);
        const { key } = tensor.storage;
        const place = contents.place(key);
        if (!verified.has(key)) verified.set(key, place.verify());
        await verified.get(key);
        return decodeTensor(
          await readView(file, tensor, place.position, bad),
          tensor.dtype,
          tensor.shape,
        );
      },
      close: () => file.close(),
    };
  });
}

/**
 * Reads the tensors of a file that {@link openTorch} opens. The caller owns them.
 *
 * @param wanted names of the tensors to read. @default all
 */
export function readTorch(
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Params> {
  return readAll(openTorch(path), wanted);
}

/** Reads the bytes of a tensor's elements, in order; reads only the part of the storage that it views. */
async function readView(
  file: FileHandle,
  { dtype, shape, strides, offset }: TorchTensor,
  start: number,
  bad: Complaint,
): Promise<Uint8Array<ArrayBuffer>> {
  const elements = elementsOf(shape);
  const width = bytesPerElement[dtype] as number;
  const bytes = new Uint8Array(elements > 0 ? width * extentOf({ shape, strides }) : 0);
  await readFully(file, bytes, start + width * offset, bad);
  if (elements === 0 || isContiguous(shape, strides)) return bytes;
  const Elements = width === 2 ? Uint16Array : Uint32Array;
  const gathered = gather(new Elements(bytes.buffer), new Elements(elements), shape, strides);
  return new Uint8Array(gathered.buffer);
}
