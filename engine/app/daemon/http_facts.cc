#include "app/daemon/http_facts.hh"

#include "base/bytes.hh"
#include "crypto/blake3.hh"

#include <algorithm>
#include <cctype>

namespace engine::app {
namespace {

constexpr std::size_t kLongestTag = 35;  // RFC 5646, section 4.4.1

bool is_signed(const http::Request& request) {
  return !request.header("x-moonbox-auth-sig").empty() ||
         !request.header("x-startos-auth-sig").empty();
}

std::unique_ptr<const HttpFacts> facts_of(const http::Session& session,
                                          const http::Request& request) {
  auto facts = std::make_unique<HttpFacts>();
  facts->method = request.method;
  facts->path = request.path;
  facts->secure = session.secure();
  facts->headers.reserve(request.headers.size());
  for (const http::Header& header : request.headers)
    facts->headers.emplace_back(header.name, header.value);
  if (is_signed(request)) {
    facts->body_size = request.body.size();
    facts->body_blake3 = to_hex(crypto::blake3(as_bytes(request.body)));
  }
  return facts;
}

/// `de-CH,de;q=0.9` → `de_CH`: the first language, as locales are written. Empty for none, `*`, and
/// what is no language tag.
std::string locale_of(std::string_view accept_language) {
  const std::string_view tag = accept_language.substr(0, accept_language.find_first_of(",; \t"));
  const bool plain = std::ranges::all_of(tag, [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '-' || letter == '_';
  });
  if (!plain || tag.size() > kLongestTag) return {};
  std::string locale(tag);
  std::ranges::replace(locale, '-', '_');
  return locale;
}

}  // namespace

std::shared_ptr<const Caller> http_caller(const http::Session& session,
                                          const http::Request& request,
                                          Transport transport,
                                          const std::string& context) {
  auto caller = std::make_shared<Caller>();
  caller->context = context;
  caller->transport = transport;
  caller->address = session.address();
  caller->peer = session.peer();
  caller->connection = session.id();
  caller->pushes = transport == Transport::ws || transport == Transport::wss;
  caller->locale = locale_of(request.header("accept-language"));
  caller->http = facts_of(session, request);
  return caller;
}

bool same_sender(const Caller& caller, const http::Request& request) {
  const HttpFacts& facts = *caller.http;
  return !facts.body_size && facts.method == request.method && facts.path == request.path &&
         std::ranges::equal(facts.headers, request.headers, [](const auto& one, const auto& two) {
           return one.first == two.name && one.second == two.value;
         });
}

}  // namespace engine::app
