import { MetaError } from "@metalearn/core";

/** A use of an engine. */
export interface Lease<Engine> {
  readonly engine: Engine;
  /** Ends this use; the last one frees the engine. A second call does nothing. */
  release(): void;
}

/** Start and release of an engine. */
export interface EngineLife<Settings, Engine> {
  /** Name in messages. */
  readonly name: string;
  open(settings: Settings): Promise<Engine>;
  close(engine: Engine): void;
}

interface Use<Engine> {
  readonly key: string;
  readonly engine: Promise<Engine>;
  count: number;
}

/** Name of the engine in use. TensorFlow.js computes with one engine at a time. */
let nameInUse: string | undefined;

/**
 * Checks that no other engine is in use.
 *
 * @throws MetaError `BAD_OPTION` while another one is in use
 */
export function requireNoOther(name: string): void {
  if (nameInUse === undefined || nameInUse === name) return;
  throw new MetaError(
    "BAD_OPTION",
    `TensorFlow.js computes with one engine in a process, and the ${nameInUse} engine is in use: ` +
      `${name} cannot be started beside it. Dispose the other runtime first, or use another process.`,
  );
}

/**
 * Shares one engine among all callers with the same settings: TensorFlow.js identifies an engine by name, so that a
 * process cannot have two of a kind.
 */
export class SharedEngine<Settings extends object, Engine> {
  readonly #life: EngineLife<Settings, Engine>;
  #current: Use<Engine> | undefined;

  constructor(life: EngineLife<Settings, Engine>) {
    this.#life = life;
  }

  /**
   * Opens the engine, or shares the open one.
   *
   * @throws MetaError `BAD_OPTION` when the engine is in use with other settings, or another one is
   */
  async acquire(settings: Settings): Promise<Lease<Engine>> {
    requireNoOther(this.#life.name);
    const key = JSON.stringify(settings);
    if (this.#current && this.#current.key !== key) {
      throw new MetaError(
        "BAD_OPTION",
        `The ${this.#life.name} engine of this process runs with ${this.#current.key} and cannot ` +
          `also run with ${key}. Dispose the other runtime first.`,
      );
    }
    nameInUse = this.#life.name;
    this.#current ??= { key, engine: this.#life.open(settings), count: 0 };
    const use = this.#current;
    use.count++;
    try {
      const engine = await use.engine;
      let isHeld = true;
      return {
        engine,
        release: () => {
          if (isHeld && this.#leave(use)) this.#life.close(engine);
          isHeld = false;
        },
      };
    } catch (error) {
      this.#leave(use);
      throw error;
    }
  }

  /** Ends a use. @returns true if this was the last use */
  #leave(use: Use<Engine>): boolean {
    use.count--;
    if (use.count > 0) return false;
    this.#current = undefined;
    nameInUse = undefined;
    return true;
  }
}
