import { Buffer } from "node:buffer";
import type { Device } from "./device.js";

/** How TensorFlow is to run. */
export interface EngineOptions {
  /** `undefined` is the first GPU where there is one, else the CPU. */
  readonly device?: Device | undefined;
  /** Threads within one operation and over operations. @default TensorFlow's own choice */
  readonly threads?: number | undefined;
  /**
   * Whether products of float32 on a GPU may round their operands to TensorFloat-32, which keeps 11
   * of 24 significant bits and is several times as fast. Nothing changes on a CPU.
   *
   * @default false
   */
  readonly tf32?: boolean | undefined;
}

/**
 * A serialized `tensorflow.ConfigProto`. The few fields that are needed do not justify a protobuf
 * library.
 *
 * Source: tensorflow/core/protobuf/config.proto, whose field numbers these are.
 */
export function configProto({ device, threads }: Omit<EngineOptions, "tf32">): Uint8Array {
  const gpuIndex = device === "cpu" ? undefined : (device?.slice("cuda:".length) ?? "0");
  const gpuOptions = [
    ...varintField(4, 1), // allow_growth: take memory as it is needed, not all of it at once
    ...bytesField(5, Buffer.from(gpuIndex ?? "")), // visible_device_list
  ];
  const noGpu = [...bytesField(1, Buffer.from("GPU")), ...varintField(2, 0)];
  return Uint8Array.from([
    ...(device === "cpu" ? bytesField(1, noGpu) : []), // device_count
    ...(threads === undefined ? [] : varintField(2, threads)), // intra_op_parallelism_threads
    ...(threads === undefined ? [] : varintField(5, threads)), // inter_op_parallelism_threads
    ...bytesField(6, gpuOptions),
  ]);
}

function varintField(field: number, value: number): number[] {
  return [field << 3, ...varint(value)];
}

function bytesField(field: number, bytes: Iterable<number>): number[] {
  const content = [...bytes];
  return [(field << 3) | 2, ...varint(content.length), ...content];
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}
