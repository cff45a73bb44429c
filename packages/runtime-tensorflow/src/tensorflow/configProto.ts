import { Buffer } from "node:buffer";
import type { EngineOptions } from "./tensorflowOptions.js";

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
