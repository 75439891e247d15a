#pragma once

#include <string>

namespace engine {

/// A shared library that is loaded when it is first needed, for what few commands use: linked, it
/// and all it brings along would be loaded by each. It is never unloaded.
class DynamicLibrary {
 public:
  explicit DynamicLibrary(const char* file);

  /// Null if it is not there.
  template <typename Function>
  void find(Function*& function, const char* name) {
    function = reinterpret_cast<Function*>(symbol(name));
  }

  /// Why it cannot be used; empty when all that was asked for was found.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void* symbol(const char* name);

  void* library_;
  std::string problem_;
};

}  // namespace engine
