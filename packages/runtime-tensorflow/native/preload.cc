// Opens TensorFlow's library before the engine does, to keep what it says while it initialises
// itself off the terminal: TF_CPP_MIN_LOG_LEVEL has no effect that early.
//
// This file is an addon of its own. It must not be linked to TensorFlow, which would be opened with
// it.
#include <dlfcn.h>
#include <napi.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

// Collects what the process writes to stderr while it lives. Other threads write there too, which
// is why the text is handed back instead of thrown away.
class StderrCapture {
 public:
  StderrCapture() : file_(std::tmpfile()), original_(dup(STDERR_FILENO)) {
    if (file_ == nullptr || original_ < 0) return;
    std::fflush(stderr);
    redirected_ = dup2(fileno(file_), STDERR_FILENO) >= 0;
  }

  ~StderrCapture() {
    Restore();
    if (original_ >= 0) close(original_);
    if (file_ != nullptr) std::fclose(file_);
  }

  StderrCapture(const StderrCapture&) = delete;
  StderrCapture& operator=(const StderrCapture&) = delete;

  // Ends the capture. Empty where there was no file to capture into; then stderr was left alone.
  std::string Take() {
    if (!redirected_) return "";
    Restore();
    std::string text;
    char chunk[4096];
    std::rewind(file_);
    while (const size_t size = std::fread(chunk, 1, sizeof chunk, file_)) text.append(chunk, size);
    return text;
  }

 private:
  void Restore() {
    if (!redirected_) return;
    std::fflush(stderr);
    dup2(original_, STDERR_FILENO);
    redirected_ = false;
  }

  std::FILE* file_;
  int original_;
  bool redirected_ = false;
};

// Never closed: the engine uses the library until the process ends.
void Open(const std::string& path) {
  if (dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL) == nullptr) {
    const char* reason = dlerror();
    throw std::runtime_error(reason != nullptr ? reason : "cannot open " + path);
  }
}

// preload(path): opens a shared library and returns what was written to stderr meanwhile.
Napi::Value Preload(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  StderrCapture capture;
  Open(path);
  return Napi::String::New(info.Env(), capture.Take());
}

}  // namespace

Napi::Object InitPreload(Napi::Env env, Napi::Object exports) {
  exports.Set("preload", Napi::Function::New<Preload>(env, "preload"));
  return exports;
}

NODE_API_MODULE(metalearn_preload, InitPreload)
