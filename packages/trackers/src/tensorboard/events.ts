import { bytesField, doubleField, floatField, varintField } from "./protobuf.js";
import { record } from "./record.js";

// Field numbers are those of tensorflow/core/util/event.proto and framework/{summary,tensor}.proto.

/** When and at which step something happened. */
export interface Moment {
  /** Seconds since 1970. */
  readonly seconds: number;
  readonly step: number;
}

/** What every event file begins with. */
export function fileVersion(at: Moment): Buffer {
  return event(at, bytesField(3, "brain.Event:2"));
}

/** Takes back what earlier files hold of this step and later ones. */
export function restart(at: Moment): Buffer {
  const start = varintField(1, 1);
  return event(at, bytesField(7, start));
}

/** Numbers by tag. TensorBoard keeps 32 bits of each. */
export function scalars(at: Moment, values: readonly (readonly [string, number])[]): Buffer {
  const summaries = values.map(([tag, value]) =>
    bytesField(1, bytesField(1, tag), floatField(2, value)),
  );
  return event(at, bytesField(5, ...summaries));
}

/** A text in Markdown. */
export function text(at: Moment, tag: string, markdown: string): Buffer {
  const typeString = 7;
  const shape = bytesField(2, bytesField(2, varintField(1, 1))); // [1]
  const tensor = bytesField(8, varintField(1, typeString), shape, bytesField(8, markdown));
  const metadata = bytesField(9, bytesField(1, bytesField(1, "text")));
  return event(at, bytesField(5, bytesField(1, bytesField(1, tag), metadata, tensor)));
}

function event({ seconds, step }: Moment, content: Buffer): Buffer {
  return record(Buffer.concat([doubleField(1, seconds), varintField(2, step), content]));
}
