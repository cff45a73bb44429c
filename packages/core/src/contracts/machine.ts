/** Installation, diagnosis and packing of a plugin's native parts. */
export interface MachineSupport {
  /** Installs what the plugin needs outside of node_modules. */
  setup(options: { cuda: boolean; force: boolean; notify(message: string): void }): Promise<void>;
  /** Inspects the installation without changing anything. */
  diagnose(): Promise<readonly Finding[]>;
  /**
   * Files of the cache directory for `metalearn pack`, and their places on a machine without network and compiler.
   * Missing parts are installed first.
   *
   * @throws MetaError `BAD_OPTION` for a part that cannot be left out
   */
  pack?(options: PackOptions): Promise<readonly PackedFile[]>;
}

/** Selection of a plugin's native parts for another machine. */
export interface PackOptions {
  readonly cuda: boolean;
  /** Parts to leave out, by the plugin's names for them; `lean` for all parts that training does not need. */
  readonly without: readonly string[];
  notify(message: string): void;
}

/** A file for another machine: a copy of a local file, or given content. */
export type PackedFile = {
  /** Destination, relative to the requested folder, with slashes. */
  readonly path: string;
} & ({ readonly source: string } | { readonly content: string; readonly mode?: number });

/** One line of `metalearn doctor`. */
export interface Finding {
  readonly topic: string;
  readonly status: "ok" | "info" | "warning" | "missing";
  readonly message: string;
  /** Command that fixes it. */
  readonly fix?: string;
}
