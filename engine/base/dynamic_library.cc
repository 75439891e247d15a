#include "base/dynamic_library.hh"

#include <dlfcn.h>

namespace engine {

DynamicLibrary::DynamicLibrary(const char* file) : library_(::dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
  if (library_ == nullptr) problem_ = ::dlerror();
}

void* DynamicLibrary::symbol(const char* name) {
  if (library_ == nullptr) return nullptr;
  void* const found = ::dlsym(library_, name);
  if (found == nullptr) problem_ = std::string(name) + " is missing: the library is too old";
  return found;
}

}  // namespace engine
