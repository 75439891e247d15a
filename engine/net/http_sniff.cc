#include "net/http_sniff.hh"

#include <algorithm>
#include <array>

namespace engine::net {

Beginning tell_beginning(std::string_view bytes) {
  constexpr std::array<std::string_view, 9> kMethods = {
      "GET ", "POST ", "OPTIONS ", "HEAD ", "PUT ", "DELETE ", "PATCH ", "CONNECT ", "TRACE "};
  if (std::ranges::any_of(kMethods, [&](auto method) { return bytes.starts_with(method); })) {
    return Beginning::http;
  }
  if (std::ranges::any_of(kMethods, [&](auto method) { return method.starts_with(bytes); })) {
    return Beginning::undecided;
  }
  return Beginning::lines;
}

}  // namespace engine::net
