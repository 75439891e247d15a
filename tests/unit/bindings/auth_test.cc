#include "bindings/modules.hh"
#include "net/connection_table.hh"

#include "unit/script/script_fixture.hh"
#include <catch2/catch.hpp>
#include <stdlib.h>

#include <filesystem>

namespace engine::bindings {
namespace {

class AuthFixture : public script::ScriptFixture {
 public:
  AuthFixture()
      : ScriptFixture({},
                      {{"engine.crypto", open_crypto},
                       {"engine.connection", open_connection},
                       {"engine.json", open_json}}) {
    services.add(table);
  }
  std::string crypto(const std::string& body) {
    return call("local crypto = require('engine.crypto') " + body).value();
  }
  net::ConnectionTable table;
};

}  // namespace

TEST_CASE("bindings/crypto: text forms of bytes", "[bindings]") {
  AuthFixture lua;
  CHECK(lua.crypto("return {crypto.to_base32('foobar'), crypto.to_base64('a'), "
                   "crypto.to_base64('a', false), crypto.from_base64('YQ'), "
                   "crypto.from_base64('YQ=='), crypto.from_hex('6A6b')}") ==
        R"(["MZXW6YTBOI","YQ==","YQ","a","a","jk"])");
  CHECK(lua.crypto("local _, a = crypto.from_base64('!') local _, b = crypto.from_hex('0') "
                   "return {a.code, b.code}") == R"(["deserialization","deserialization"])");
}

TEST_CASE("bindings/crypto: the reference's session id", "[bindings]") {
  AuthFixture lua;
  CHECK(lua.crypto("return crypto.to_base32(crypto.from_hex(crypto.sha256("
                   "'abcdefghijklmnopqrstuvwxy2'))):lower()") ==
        "lgm6kmkljthfcdwele3xeme7eoc6txhu6esqrjyntnakezi7xjpa");
}

TEST_CASE("bindings/crypto: passwords", "[bindings]") {
  AuthFixture lua;
  CHECK(
      lua.crypto("local h = crypto.hash_password('one') return {crypto.verify_password(h, 'one'), "
                 "crypto.verify_password(h, 'two')}") == "[true,false]");
}

TEST_CASE("bindings/crypto: signs with a key file, verifies with the public key", "[bindings]") {
  AuthFixture lua;
  std::string name = "/tmp/auth_binding.XXXXXX";
  const std::filesystem::path directory = ::mkdtemp(name.data());
  const std::string key = "'" + (directory / "key.pem").string() + "'";
  CHECK(lua.crypto("local public = crypto.keygen(" + key +
                   ") local s, own = crypto.sign({path=" + key +
                   "}, 'box', 'text') assert(own == public) "
                   "local _, other = crypto.verify(public, 'fox', 'text', s) "
                   "local _, pem = crypto.verify(public, 'box', 'text', public) "
                   "local _, none = crypto.canonical_key('x') "
                   "return {crypto.verify(public, 'box', 'text', s), other.code, pem.code, "
                   "none.code, crypto.canonical_key('\\n' .. public .. '\\n') == public}") ==
        R"([true,"invalid_signature","pem","pem",true])");
  std::filesystem::remove_all(directory);
}

TEST_CASE("bindings/connection: values of a connection that is there", "[bindings]") {
  AuthFixture lua;
  bool closed = false;
  lua.table.add({.id = 5, .transport = "tls", .address = "127.0.0.1:9"}, [&] { closed = true; });
  const std::string head = "local c = require('engine.connection') ";
  CHECK(lua.call(head + "c.put(5, 'login', {id = 'a'}) local _, e = c.put(6, 'login', 1) "
                        "return {c.get(5, 'login').id, c.get(6, 'login') == nil, e.code}")
            .value() == R"(["a",true,"not_found"])");
  CHECK(lua.call(head + "local l = c.list() return {#l, l[1].id, l[1].transport, l[1].address, "
                        "l[1].uid == nil, #l[1].since}")
            .value() == R"([1,5,"tls","127.0.0.1:9",true,24])");
  CHECK(lua.call(head + "local _, e = c.close(6) return {c.close(5), e.code}").value() ==
        R"([true,"not_found"])");
  CHECK(closed);
}

}  // namespace engine::bindings
