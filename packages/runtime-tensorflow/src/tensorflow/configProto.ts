import { PbfWriter } from "pbf";
import type { EngineOptions } from "./tensorflowOptions.js";

/**
 * Serializes a `tensorflow.ConfigProto`.
 *
 * Source: tensorflow/core/protobuf/config.proto, whose field numbers these are.
 */
export function configProto({ device, threads }: Omit<EngineOptions, "tf32">): Uint8Array {
  const writer = new PbfWriter();
  if (device === "cpu") writer.writeMessage(1, writeDeviceCount, { device: "GPU", count: 0 });
  if (threads !== undefined) {
    writer.writeVarintField(2, threads); // intra_op_parallelism_threads
    writer.writeVarintField(5, threads); // inter_op_parallelism_threads
  }
  const gpuIndex = device === "cpu" ? "" : (device?.slice("cuda:".length) ?? "0");
  writer.writeMessage(6, writeGpuOptions, gpuIndex);
  return writer.finish();
}

/** An entry of the map `device_count`. */
function writeDeviceCount(entry: { device: string; count: number }, writer: PbfWriter): void {
  writer.writeStringField(1, entry.device);
  writer.writeVarintField(2, entry.count);
}

function writeGpuOptions(visibleDevices: string, writer: PbfWriter): void {
  writer.writeBooleanField(4, true); // allow_growth: take memory as it is needed, not all of it at once
  writer.writeStringField(5, visibleDevices); // visible_device_list
}
