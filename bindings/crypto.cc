#include "base/file.hh"
#include "base/parallel.hh"
#include "bindings/modules.hh"
#include "crypto/blake3.hh"
#include "crypto/pem.hh"
#include "crypto/random.hh"
#include "crypto/sha256.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <fcntl.h>
#include <unistd.h>

namespace engine::bindings {
namespace {

constexpr int kMaxRandom = 65536;
constexpr unsigned kKeyMode = 0640;

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

/// Writes a new private key; an existing file is never replaced.
Result<std::string> make_key(const std::string& path) {
  auto fd = engine::open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, kKeyMode);
  if (!fd) return fail(std::move(fd).error().context("creating a key"));
  const auto key = crypto::SigningKey::generate();
  std::string text = crypto::to_pem(key);
  const auto written = write_all(fd->get(), text);
  crypto::wipe({reinterpret_cast<std::byte*>(text.data()), text.size()});
  if (!written || ::fsync(fd->get()) != 0) {
    Error error = written ? errno_error("fsync " + path, errno) : written.error();
    ::unlink(path.c_str());
    return fail(std::move(error));
  }
  return crypto::to_pem(key.public_key());
}

Result<int> crypto_keygen(lua_State* state) {
  TRY_ASSIGN(std::string pem, make_key(std::string(script::check_string(state, 1))));
  return push_text(state, std::move(pem));
}

/// The public key in a file that holds a private or a public one.
Result<std::string> public_key_in(const std::string& path) {
  TRY_ASSIGN(std::string text, read_file(path, 16384));
  if (const auto key = crypto::public_key_from_pem(text)) return crypto::to_pem(*key);
  const auto key = crypto::signing_key_from_pem(text);
  crypto::wipe({reinterpret_cast<std::byte*>(text.data()), text.size()});
  if (!key) return fail(Error(key.error()).context("reading the key " + path));
  return crypto::to_pem(key->public_key());
}

Result<int> crypto_public_key(lua_State* state) {
  TRY_ASSIGN(std::string pem, public_key_in(std::string(script::check_string(state, 1))));
  return push_text(state, std::move(pem));
}

}  // namespace

int open_crypto(lua_State* state) {
  static const luaL_Reg functions[] = {{"guid", script::thunk<&crypto_guid>},
                                       {"random", script::thunk<&crypto_random>},
                                       {"blake3", script::thunk<&crypto_blake3>},
                                       {"blake3_file", script::thunk<&crypto_blake3_file>},
                                       {"sha256", script::thunk<&crypto_sha256>},
                                       {"equal", script::thunk<&crypto_equal>},
                                       {"keygen", script::thunk<&crypto_keygen>},
                                       {"public_key", script::thunk<&crypto_public_key>},
                                       {nullptr, nullptr}};
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
