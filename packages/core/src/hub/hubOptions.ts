/** Options of `downloadFromHub`. */
export interface HubOptions {
  /** Kind of repository. @default "model" */
  readonly type?: "model" | "dataset";
  /** Branch, tag or commit. @default "main" */
  readonly revision?: string;
  /** Folder of the cache. @default HF_HUB_CACHE or HF_HOME of the environment, else Hugging Face's default */
  readonly cacheDirectory?: string;
  /** URL of the hub. @default HF_ENDPOINT of the environment, else the public hub */
  readonly endpoint?: string;
  /**
   * Token for private and gated repositories.
   *
   * @default HF_TOKEN of the environment, else the one that Hugging Face's `hf auth login` has stored
   */
  readonly accessToken?: string;
  /** Called with one-line messages about downloads. @default no-op */
  readonly notify?: (message: string) => void;
  /** Aborts the download; a later call resumes it. */
  readonly signal?: AbortSignal;
}
