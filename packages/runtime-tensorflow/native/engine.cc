#include "engine.h"

#include <stdexcept>
#include <utility>

#include "status.h"

namespace metalearn {
namespace {

std::vector<Device> DevicesOf(TFE_Context* context) {
  Status status;
  const DeviceList list(TFE_ContextListDevices(context, status));
  status.Check("TFE_ContextListDevices");
  std::vector<Device> devices;
  for (int i = 0, count = TF_DeviceListCount(list.get()); i < count; ++i) {
    Device device;
    device.name = TF_DeviceListName(list.get(), i, status);
    status.Check("TF_DeviceListName");
    device.type = TF_DeviceListType(list.get(), i, status);
    status.Check("TF_DeviceListType");
    device.memory_bytes = TF_DeviceListMemoryBytes(list.get(), i, status);
    status.Check("TF_DeviceListMemoryBytes");
    devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace

void Engine::Open(const std::string& config) {
  if (context_) throw std::runtime_error("The engine is open already; close it first.");
  Status status;
  const ContextOptions options(TFE_NewContextOptions());
  if (!config.empty()) {
    TFE_ContextOptionsSetConfig(options.get(), config.data(), config.size(), status);
    status.Check("TFE_ContextOptionsSetConfig");
  }
  Context context(TFE_NewContext(options.get(), status));
  status.Check("TFE_NewContext");
  devices_ = DevicesOf(context.get());
  context_ = std::move(context);
}

void Engine::Close() {
  graph_.reset();
  tensors_.Clear();
  devices_.clear();
  context_.reset();
}

TFE_Context* Engine::context() const {
  if (!context_) throw std::runtime_error("The engine is not open: open it first.");
  return context_.get();
}

void Engine::OpenGraph() {
  if (graph_) throw std::runtime_error("A graph is open already; close it first.");
  graph_ = std::make_unique<Graph>();
}

Graph& Engine::graph() const {
  if (!graph_) throw std::runtime_error("No graph is open: open one first.");
  return *graph_;
}

const Device* Engine::gpu() const {
  for (const Device& device : devices_) {
    if (device.type == "GPU") return &device;
  }
  return nullptr;
}

}  // namespace metalearn
