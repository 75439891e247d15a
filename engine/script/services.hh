#pragma once

#include <typeindex>
#include <unordered_map>

namespace engine::script {

/// The engine objects a VM's bindings may reach (the store, the event ring, the offload pool, …),
/// one per type. Filled by a composition root before any VM is made and constant afterwards, so
/// every thread may read it. Owns nothing.
class Services {
 public:
  template <typename T>
  void add(T& object) {
    objects_[std::type_index(typeid(T))] = &object;
  }
  /// Null when the composition root offers no such object.
  template <typename T>
  [[nodiscard]] T* find() const {
    const auto found = objects_.find(std::type_index(typeid(T)));
    return found == objects_.end() ? nullptr : static_cast<T*>(found->second);
  }

 private:
  std::unordered_map<std::type_index, void*> objects_;
};

}  // namespace engine::script
