#include "bindings/crypto_keys.hh"

#include "base/file.hh"
#include "crypto/pem.hh"
#include "crypto/random.hh"
#include "script/thunk.hh"

#include <fcntl.h>
#include <unistd.h>

namespace engine::bindings {
namespace {

constexpr unsigned kKeyMode = 0640;
constexpr std::size_t kMaxKeyFile = 16384;
constexpr std::size_t kMaxContext = 255;

int push_text(lua_State* state, std::string_view text) {
  script::push_string(state, text);
  return 1;
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
  TRY_ASSIGN(const std::string pem, make_key(std::string(script::check_string(state, 1))));
  return push_text(state, pem);
}

/// The text of a key file, overwritten when it goes away.
struct KeyText {
  explicit KeyText(std::string content) : text(std::move(content)) {}
  KeyText(const KeyText&) = delete;
  KeyText& operator=(const KeyText&) = delete;
  ~KeyText() { crypto::wipe({reinterpret_cast<std::byte*>(text.data()), text.size()}); }
  std::string text;
};

/// The public key in a file that holds a private or a public one.
Result<int> crypto_public_key(lua_State* state) {
  const std::string path(script::check_string(state, 1));
  TRY_ASSIGN(std::string content, read_file(path, kMaxKeyFile));
  const KeyText file(std::move(content));
  if (const auto key = crypto::public_key_from_pem(file.text)) {
    return push_text(state, crypto::to_pem(*key));
  }
  const auto key = crypto::signing_key_from_pem(file.text);
  if (!key) return fail(Error(key.error()).context("reading the key " + path));
  return push_text(state, crypto::to_pem(key->public_key()));
}

/// crypto.canonical_key(pem) → pem | nil, err
Result<int> crypto_canonical_key(lua_State* state) {
  TRY_ASSIGN(const auto key, crypto::public_key_from_pem(script::check_string(state, 1)));
  return push_text(state, crypto::to_pem(key));
}

/// crypto.sign(path, context, message) → signature | nil, err
Result<int> crypto_sign(lua_State* state) {
  const std::string path(script::check_string(state, 1));
  const auto context = script::check_string(state, 2);
  const auto message = script::check_string(state, 3);
  luaL_argcheck(state, context.size() <= kMaxContext, 2, "must have at most 255 bytes");
  TRY_ASSIGN(std::string content, read_file(path, kMaxKeyFile));
  const KeyText file(std::move(content));
  const auto key = crypto::signing_key_from_pem(file.text);
  if (!key) return fail(Error(key.error()).context("reading the key " + path));
  return push_text(state, crypto::to_pem(key->sign(context, as_bytes(message))));
}

/// crypto.verify(key, context, message, signature) → true | nil, err
Result<int> crypto_verify(lua_State* state) {
  const auto pem = script::check_string(state, 1);
  const auto context = script::check_string(state, 2);
  const auto message = script::check_string(state, 3);
  const auto armoured = script::check_string(state, 4);
  luaL_argcheck(state, context.size() <= kMaxContext, 2, "must have at most 255 bytes");
  TRY_ASSIGN(const auto key, crypto::public_key_from_pem(pem));
  TRY_ASSIGN(const auto signature, crypto::signature_from_pem(armoured));
  TRY(crypto::verify(key, context, as_bytes(message), signature));
  lua_pushboolean(state, 1);
  return 1;
}

constexpr luaL_Reg kFunctions[] = {{"keygen", script::thunk<crypto_keygen>},
                                   {"public_key", script::thunk<crypto_public_key>},
                                   {"canonical_key", script::thunk<crypto_canonical_key>},
                                   {"sign", script::thunk<crypto_sign>},
                                   {"verify", script::thunk<crypto_verify>},
                                   {nullptr, nullptr}};

}  // namespace

void add_key_functions(lua_State* state) {
  luaL_register(state, nullptr, kFunctions);
}

}  // namespace engine::bindings
