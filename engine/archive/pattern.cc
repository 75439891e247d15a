#include "archive/pattern.hh"

#include <re2/re2.h>

#include <string>

namespace engine::archive {
namespace {

re2::RE2 compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return {re2::StringPiece(pattern.data(), pattern.size()), options};
}

Result<> accept(const re2::RE2& compiled) {
  if (compiled.ok()) return {};
  return fail(Errc::invalid_params, compiled.error());
}

}  // namespace

Result<> check_pattern(std::string_view pattern) {
  return accept(compile(pattern));
}

Result<bool> search_pattern(std::string_view pattern, std::string_view text) {
  const re2::RE2 compiled = compile(pattern);
  TRY(accept(compiled));
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled);
}

}  // namespace engine::archive
