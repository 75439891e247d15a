#include "loop/lease.hh"

#include "bindings/modules.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

namespace engine::bindings {
namespace {

using loop::LeaseTable;

/// A lease as scripts hold it; collected or released, it lets the next one in.
struct HeldLease {
  static constexpr const char* kLuaName = "engine.lease.Lease";
  LeaseTable::Lease lease;
};

LeaseTable& table_of(lua_State* state) {
  auto* table = script::Vm::of(state).services().find<LeaseTable>();
  if (table == nullptr) luaL_error(state, "this program has no leases");
  return *table;
}

LeaseTable::Mode mode_at(lua_State* state, int options) {
  const bool shared = script::field_boolean(state, options, "shared").value_or(false);
  return shared ? LeaseTable::Mode::shared : LeaseTable::Mode::exclusive;
}

int push_lease(lua_State* state, LeaseTable::Lease lease) {
  script::push_object(state, std::make_shared<HeldLease>(HeldLease{std::move(lease)}));
  return 1;
}

int lease_acquire(lua_State* state) {
  const std::string name(script::check_string(state, 1));
  const LeaseTable::Mode mode = mode_at(state, 2);
  LeaseTable& table = table_of(state);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    auto granted = [resumer = std::move(resumer)](LeaseTable::Lease lease) mutable {
      resumer.resume([&lease](lua_State* target) { return push_lease(target, std::move(lease)); });
    };
    const auto ticket = table.acquire(script::Vm::of(state).loop(), name, mode, std::move(granted));
    return [&table, ticket] { table.withdraw(ticket); };
  });
}

int lease_try(lua_State* state) {
  const std::string name(script::check_string(state, 1));
  LeaseTable::Lease lease = table_of(state).try_acquire(name, mode_at(state, 2));
  if (lease) return push_lease(state, std::move(lease));
  return script::push_failure(state, {.code = Errc::busy, .message = name + " is in use"});
}

int lease_release(lua_State* state) {
  script::take_object<HeldLease>(state, 1);
  return 0;
}

}  // namespace

int open_lease(lua_State* state) {
  static const luaL_Reg methods[] = {{"release", script::thunk<&lease_release>},
                                     {nullptr, nullptr}};
  static const luaL_Reg functions[] = {{"acquire", script::thunk<&lease_acquire>},
                                       {"try", script::thunk<&lease_try>},
                                       {nullptr, nullptr}};
  script::define_class<HeldLease>(state, methods);
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
