#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "json/value.hh"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace engine::rpc {

/// Where a handler may run (design, section 3).
enum class HandlerKind : std::uint8_t {
  fn,           ///< inline on the connection's worker
  async,        ///< in a coroutine on the connection's worker
  async_local,  ///< in a coroutine on the control loop
  blocking      ///< on the blocking pool
};

/// What the engine knows about one method. Immutable.
struct Method {
  std::size_t index = 0;  ///< place in the table and in the description it was built from
  std::string name;
  std::string context;
  HandlerKind kind = HandlerKind::fn;
  bool read_only = false;
  bool raw_result = false;
  std::int64_t version = 1;  ///< of params and result
  std::string wire;          ///< versioned name: `query:db.dump.v1`, `action:db.put.input.v1`
  bool deprecated = false;   ///< still works; callers are warned
  bool detached = false;     ///< goes on when the caller's connection has gone
  Milliseconds deadline{30'000};
  std::size_t max_params = 0;           ///< bytes of parameters; 0: no limit but the message's
  std::vector<std::string> raw_params;  ///< parameters that stay JSON text
  json::Value metadata;                 ///< object
  json::Value params;                   ///< JSON Schema, or null
  json::Value result;                   ///< JSON Schema, or null
  std::string about;
  std::string file;
  std::int64_t line = 0;
};

/// All methods of one generation, by name. Immutable: build a new one and swap the pointer.
/// THREADS: any.
class MethodTable {
 public:
  /// `description` is the JSON array that the handler tree gives at load.
  /// ERRORS: Errc::script naming the method (and file:line where known): duplicate name, unknown
  /// kind, member of the wrong type.
  static Result<std::shared_ptr<const MethodTable>> build(std::string_view description);

  /// Resolves a name from the wire (reference, section 3): case-sensitive, one trailing dot is
  /// accepted. Versioned names work too; that of an action with or without `.input`. With
  /// `allow_latest` the `.vN` may be missing and means the highest. Null when there is no such
  /// method, it is a group without a handler of its own, or the name says another class.
  [[nodiscard]] const Method* find(std::string_view name, bool allow_latest = false) const;
  /// What to say to somebody whose name `find` does not know; empty when nothing is near.
  [[nodiscard]] std::string hint(std::string_view name) const;
  [[nodiscard]] const std::vector<Method>& methods() const { return methods_; }
  /// The name most like `name`, for a hint; empty when nothing is near.
  [[nodiscard]] std::string_view nearest(std::string_view name) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Index = std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>>;
  Result<> add_wire_name(const Method& method);
  [[nodiscard]] std::string group_hint(std::string_view name) const;

  std::vector<Method> methods_;
  Index by_name_;
  Index by_wire_;  ///< without `.input`
  Index latest_;   ///< without `.input` and `.vN`
};

/// A method that is in both tables but not the same.
struct MethodChange {
  std::string name;
  std::vector<std::string> what;  ///< of: kind, context, deadline, max_params, permission,
                                  ///< metadata, version, params, result
};

/// What a reload changed; names in byte order.
struct MethodDiff {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<MethodChange> changed;
  [[nodiscard]] bool empty() const { return added.empty() && removed.empty() && changed.empty(); }
  /// {"added":[…],"removed":[…],"changed":[{"method","what":[…]}]}
  [[nodiscard]] json::Value to_json() const;
};
MethodDiff diff(const MethodTable& before, const MethodTable& after);

}  // namespace engine::rpc
