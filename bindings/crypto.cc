#include "base/file.hh"
#include "base/parallel.hh"
#include "bindings/crypto_keys.hh"
#include "bindings/modules.hh"
#include "crypto/blake3.hh"
#include "crypto/password.hh"
#include "crypto/random.hh"
#include "crypto/sha256.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <fcntl.h>

namespace engine::bindings {
namespace {

constexpr int kMaxRandom = 65536;

void wipe(std::string& secret) {
  crypto::wipe({reinterpret_cast<std::byte*>(secret.data()), secret.size()});
}

int push_text(lua_State* state, std::string&& text) {
  script::push_string(state, text);
  return 1;
}

int crypto_guid(lua_State* state) {
  return push_text(state, crypto::make_guid());
}

int crypto_random(lua_State* state) {
  const auto count = luaL_checkinteger(state, 1);
  luaL_argcheck(state, count >= 0 && count <= kMaxRandom, 1, "must be from 0 to 65536");
  Bytes bytes(static_cast<std::size_t>(count));
  crypto::random_bytes(bytes);
  script::push_string(state, as_text(bytes));
  return 1;
}

int crypto_blake3(lua_State* state) {
  return push_text(state, to_hex(crypto::blake3(as_bytes(script::check_string(state, 1)))));
}

int crypto_sha256(lua_State* state) {
  return push_text(state, to_hex(crypto::sha256(as_bytes(script::check_string(state, 1)))));
}

int crypto_equal(lua_State* state) {
  const auto a = as_bytes(script::check_string(state, 1));
  const auto b = as_bytes(script::check_string(state, 2));
  lua_pushboolean(state, crypto::equal_secret(a, b) ? 1 : 0);
  return 1;
}

Result<std::string> hash_file(const std::string& path) {
  TRY_ASSIGN(const UniqueFd fd, engine::open_file(path, O_RDONLY | O_NONBLOCK));
  auto digest = crypto::blake3_file(fd.get(), {.threads = processor_count()});
  if (!digest) return fail(std::move(digest).error().context("hashing " + path));
  return to_hex(*digest);
}

int crypto_blake3_file(lua_State* state) {
  std::string path(script::check_string(state, 1));
  return script::offload<std::string>(
      state, [path = std::move(path)] { return hash_file(path); }, &push_text);
}

// --- text forms of bytes ------------------------------------------------------------------------

int push_bytes(lua_State* state, const Bytes& bytes) {
  script::push_string(state, as_text(bytes));
  return 1;
}

int crypto_to_base32(lua_State* state) {
  return push_text(state, to_base32(as_bytes(script::check_string(state, 1))));
}

int crypto_to_base64(lua_State* state) {
  const bool padded = lua_isnoneornil(state, 2) || lua_toboolean(state, 2) != 0;
  return push_text(state, to_base64(as_bytes(script::check_string(state, 1)), padded));
}

Result<int> crypto_from_base64(lua_State* state) {
  TRY_ASSIGN(const Bytes bytes, from_base64(script::check_string(state, 1)));
  return push_bytes(state, bytes);
}

Result<int> crypto_from_hex(lua_State* state) {
  TRY_ASSIGN(const Bytes bytes, from_hex(script::check_string(state, 1)));
  return push_bytes(state, bytes);
}

// --- passwords
// ------------------------------------------------------------------------------------

int crypto_hash_password(lua_State* state) {
  std::string password(script::check_string(state, 1));
  return script::offload<std::string>(
      state,
      [password = std::move(password)]() mutable {
        auto encoded = crypto::hash_password(password);
        wipe(password);
        return encoded;
      },
      &push_text);
}

int crypto_verify_password(lua_State* state) {
  std::string encoded(script::check_string(state, 1));
  std::string password(script::check_string(state, 2));
  return script::offload<bool>(
      state,
      [encoded = std::move(encoded), password = std::move(password)]() mutable {
        const auto right = crypto::verify_password(encoded, password);
        wipe(password);
        return right;
      },
      [](lua_State* target, bool&& right) {
        lua_pushboolean(target, right ? 1 : 0);
        return 1;
      });
}

}  // namespace

int open_crypto(lua_State* state) {
  static const luaL_Reg functions[] = {{"guid", script::thunk<&crypto_guid>},
                                       {"random", script::thunk<&crypto_random>},
                                       {"blake3", script::thunk<&crypto_blake3>},
                                       {"blake3_file", script::thunk<&crypto_blake3_file>},
                                       {"sha256", script::thunk<&crypto_sha256>},
                                       {"equal", script::thunk<&crypto_equal>},
                                       {"to_base32", script::thunk<&crypto_to_base32>},
                                       {"to_base64", script::thunk<&crypto_to_base64>},
                                       {"from_base64", script::thunk<&crypto_from_base64>},
                                       {"from_hex", script::thunk<&crypto_from_hex>},
                                       {"hash_password", script::thunk<&crypto_hash_password>},
                                       {"verify_password", script::thunk<&crypto_verify_password>},
                                       {nullptr, nullptr}};
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  add_key_functions(state);
  return 1;
}

}  // namespace engine::bindings
