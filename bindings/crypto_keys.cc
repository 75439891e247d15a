#include "bindings/crypto_keys.hh"

#include "crypto/key_file.hh"
#include "crypto/pem.hh"
#include "crypto/random.hh"
#include "script/thunk.hh"

namespace engine::bindings {
namespace {

constexpr std::size_t kMaxContext = 255;

int push_text(lua_State* state, std::string_view text) {
  script::push_string(state, text);
  return 1;
}

Result<int> crypto_keygen(lua_State* state) {
  TRY_ASSIGN(const auto key, crypto::create_key_file(std::string(script::check_string(state, 1))));
  return push_text(state, crypto::to_pem(key));
}

/// crypto.canonical_key(pem) → pem | nil, err
Result<int> crypto_canonical_key(lua_State* state) {
  TRY_ASSIGN(const auto key, crypto::public_key_from_pem(script::check_string(state, 1)));
  return push_text(state, crypto::to_pem(key));
}

/// What signs: {path} names a file, {pem} is the key itself.
Result<crypto::SigningKey> key_at(lua_State* state, int index) {
  luaL_checktype(state, index, LUA_TTABLE);
  auto pem = script::field_string(state, index, "pem");
  if (!pem) {
    return crypto::read_key_file(script::field_string(state, index, "path").value_or(""));
  }
  auto key = crypto::signing_key_from_pem(*pem);
  crypto::wipe({reinterpret_cast<std::byte*>(pem->data()), pem->size()});
  return key;
}

/// crypto.sign(key, context, message) → signature, public | nil, err
Result<int> crypto_sign(lua_State* state) {
  const auto context = script::check_string(state, 2);
  const auto message = script::check_string(state, 3);
  luaL_argcheck(state, context.size() <= kMaxContext, 2, "must have at most 255 bytes");
  TRY_ASSIGN(const auto key, key_at(state, 1));
  script::push_string(state, crypto::to_pem(key.sign(context, as_bytes(message))));
  script::push_string(state, crypto::to_pem(key.public_key()));
  return 2;
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
                                   {"canonical_key", script::thunk<crypto_canonical_key>},
                                   {"sign", script::thunk<crypto_sign>},
                                   {"verify", script::thunk<crypto_verify>},
                                   {nullptr, nullptr}};

}  // namespace

void add_key_functions(lua_State* state) {
  luaL_register(state, nullptr, kFunctions);
}

}  // namespace engine::bindings
