/** Contents of a file of torch.save. */
export interface TorchContents {
  readonly value: unknown;
  /** Location of a storage in the file, whose length there is checked. */
  place(key: string): StoragePlace;
}

/** Location of a storage. */
interface StoragePlace {
  readonly position: number;
  /** Checks the storage's bytes against the file's checksum, if it has one. */
  verify(): Promise<void>;
}
