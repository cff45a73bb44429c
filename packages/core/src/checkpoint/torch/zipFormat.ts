import type { FileHandle } from "node:fs/promises";
import { type Complaint, readFully } from "../tensorFile.js";
import type { TorchContents } from "./contents.js";
import { longestPickle, storedBytes, unpickleTensors } from "./stateDict.js";
import { listZipRecords, verifyRecord, type ZipRecord } from "./zipRecords.js";

/** True for a file that begins like a ZIP archive. */
export async function isZip(file: FileHandle, bad: Complaint): Promise<boolean> {
  const first = Buffer.alloc(4);
  await readFully(file, first, 0, bad);
  return first.equals(Buffer.from("PK\x03\x04"));
}

/**
 * The format of torch 1.6 and later: an archive with `data.pkl`, and each storage in a file of its own,
 * `data/0`, all in one folder.
 *
 * Source: torch's `serialization.py`, `_save`.
 */
export async function readZip(file: FileHandle, bad: Complaint): Promise<TorchContents> {
  const records = await listZipRecords(file, bad);
  const [pickle, another] = [...records.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) throw bad("it is a ZIP archive without data.pkl");
  if (another !== undefined) throw bad("it has two files data.pkl");
  const folder = pickle.slice(0, -"data.pkl".length);
  const load = async (name: string, longest: number): Promise<Buffer> => {
    const record = records.get(folder + name) as ZipRecord;
    if (record.bytes > longest) throw bad(`its ${name} is ${record.bytes} bytes long`);
    await verifyRecord(file, record, bad);
    const bytes = Buffer.alloc(record.bytes);
    await readFully(file, bytes, record.position, bad);
    return bytes;
  };
  // Files of torch before 2.0 do not contain it.
  const order = records.has(`${folder}byteorder`) ? String(await load("byteorder", 16)) : "little";
  if (order !== "little") throw bad(`expected little-endian numbers, got ${order}-endian ones`);

  const { value, storages } = unpickleTensors(await load("data.pkl", longestPickle), 0, bad);
  const recordOf = (key: string) => records.get(`${folder}data/${key}`);
  for (const { key, dtype, elements } of storages) {
    const record = recordOf(key);
    if (!record) throw bad(`storage ${key} is missing`);
    if (Math.floor(record.bytes / (storedBytes[dtype] as number)) !== elements) {
      throw bad(`storage ${key} has ${record.bytes} bytes, not ${elements} elements of ${dtype}`);
    }
  }
  return {
    value,
    place: (key) => {
      const record = recordOf(key) as ZipRecord; // checked above
      return { position: record.position, verify: () => verifyRecord(file, record, bad) };
    },
  };
}
