/** What a file of torch.save holds. */
export interface TorchContents {
  readonly value: unknown;
  /** Where a storage of the value lies in the file; it is as long there as it says. */
  place(key: string): StoragePlace;
}

/** Where a storage lies. */
interface StoragePlace {
  readonly position: number;
  /** Looks whether its bytes are those that were written, as far as the file tells. */
  verify(): Promise<void>;
}
