/** What a plugin with native parts tells about and does to the machine. */
export interface MachineSupport {
  /** Installs what the plugin needs outside of node_modules. */
  setup(options: { cuda: boolean; force: boolean; notify(message: string): void }): Promise<void>;
  /** Looks at what is there; changes nothing. */
  diagnose(): Promise<readonly Finding[]>;
  /**
   * What `metalearn pack` takes from the cache directory, where it goes on a machine that has no
   * network and no compiler. Sets up first what is missing.
   *
   * @throws MetaError `BAD_OPTION` for a part that cannot be left out
   */
  pack?(options: PackOptions): Promise<readonly PackedFile[]>;
}

/** What of a plugin's native parts is wanted on another machine. */
export interface PackOptions {
  readonly cuda: boolean;
  /** Parts to leave out, by names that the plugin has for them; `lean` for all that training can do without. */
  readonly without: readonly string[];
  notify(message: string): void;
}

/** A file for another machine: a copy of one that is here, or one with a content of its own. */
export type PackedFile = {
  /** Where it goes, below the folder that is asked for, with slashes. */
  readonly path: string;
} & ({ readonly source: string } | { readonly content: string; readonly mode?: number });

/** One line of `metalearn doctor`. */
export interface Finding {
  readonly topic: string;
  readonly status: "ok" | "info" | "warning" | "missing";
  readonly message: string;
  /** The one command that mends it. */
  readonly fix?: string;
}
