import { PbfWriter } from "pbf";
import { record } from "./record.js";

// Field numbers are those of tensorflow/core/util/event.proto and framework/{summary,tensor}.proto.

/** Time and step of an event. */
export interface Moment {
  /** Seconds since 1970. */
  readonly seconds: number;
  readonly step: number;
}

/** First event of every event file. */
export function fileVersion(at: Moment): Buffer {
  return event(at, (writer) => writer.writeStringField(3, "brain.Event:2"));
}

/** Event that removes this step and later ones from earlier files. */
export function restart(at: Moment): Buffer {
  return event(at, (writer) => {
    message(writer, 7, () => writer.writeVarintField(1, 1)); // session_log.status: START
  });
}

/** Event with numbers by tag. TensorBoard stores them in 32 bits. */
export function scalars(at: Moment, values: readonly (readonly [string, number])[]): Buffer {
  return summary(at, (writer) => {
    for (const [tag, value] of values) {
      message(writer, 1, () => {
        writer.writeStringField(1, tag);
        writer.writeFloatField(2, value); // simple_value
      });
    }
  });
}

/** Event with a text in Markdown. */
export function text(at: Moment, tag: string, markdown: string): Buffer {
  return summary(at, (writer) => {
    message(writer, 1, () => {
      writer.writeStringField(1, tag);
      message(writer, 9, () => {
        message(writer, 1, () => writer.writeStringField(1, "text")); // plugin_data.plugin_name
      });
      message(writer, 8, () => {
        writer.writeVarintField(1, 7); // dtype: DT_STRING
        message(writer, 2, () => {
          message(writer, 2, () => writer.writeVarintField(1, 1)); // shape: [1]
        });
        writer.writeStringField(8, markdown); // string_val
      });
    });
  });
}

function summary(at: Moment, writeValues: (writer: PbfWriter) => void): Buffer {
  return event(at, (writer) => message(writer, 5, () => writeValues(writer)));
}

function event({ seconds, step }: Moment, writeContent: (writer: PbfWriter) => void): Buffer {
  const writer = new PbfWriter();
  writer.writeDoubleField(1, seconds); // wall_time
  writer.writeVarintField(2, step);
  writeContent(writer);
  return record(writer.finish());
}

/** Nested message. */
function message(writer: PbfWriter, field: number, writeFields: () => void): void {
  writer.writeMessage(field, writeFields, undefined);
}
