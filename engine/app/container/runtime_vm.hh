#pragma once

#include "base/result.hh"
#include "rpc/method_table.hh"
#include "script/vm.hh"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace engine::app {

/// The VM of a container: the scripts of `runtime/` and `lib/`, the method table made from their
/// tree, and a function for each method. Resource type, on the loop's thread.
class RuntimeVm {
 public:
  struct Options {
    std::filesystem::path scripts;
    std::size_t memory_limit = 0;
  };
  static Result<std::unique_ptr<RuntimeVm>> create(loop::Loop& loop,
                                                   const script::Services& services,
                                                   const Options& options);
  RuntimeVm(const RuntimeVm&) = delete;
  RuntimeVm& operator=(const RuntimeVm&) = delete;

  [[nodiscard]] std::shared_ptr<const script::Snapshot> scripts() const { return vm_->scripts(); }
  /// Frees what no script holds any more.
  void collect_garbage();
  [[nodiscard]] const rpc::Method* find(std::string_view method) const;

  /// Runs a method as a task; `reply` gets the JSON text of the result.
  void call(const rpc::Method& method,
            std::string_view params,
            UniqueFunction<void(Result<std::string>)> reply);

  /// Runs `runtime.boot`'s function `name` as a task, without a time limit.
  void run_hook(const char* name, UniqueFunction<void(Result<>)> done);

 private:
  RuntimeVm() = default;
  Result<> load_methods();

  std::unique_ptr<script::Vm> vm_;
  script::Ref boot_;
  std::shared_ptr<const rpc::MethodTable> table_;
  std::vector<script::Ref> runners_;  ///< in the order of the table
};

}  // namespace engine::app
