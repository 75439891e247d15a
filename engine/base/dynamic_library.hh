#pragma once

#include <dlfcn.h>

#include <string>

namespace engine {

/// A shared library that is loaded when it is first needed, for what few commands use: linked, it
/// and all it brings along would be loaded by each. It is never unloaded.
class DynamicLibrary {
 public:
  explicit DynamicLibrary(const char* file) : library_(::dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) problem_ = ::dlerror();
  }

  template <typename Function>
  void find(Function*& function, const char* name) {
    if (library_ == nullptr) return;
    function = reinterpret_cast<Function*>(::dlsym(library_, name));
    if (function == nullptr) problem_ = std::string(name) + " is missing: the library is too old";
  }

  /// Why it cannot be used; empty when all that was asked for was found.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void* library_;
  std::string problem_;
};

}  // namespace engine
