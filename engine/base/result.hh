#pragma once

#include "base/errc.hh"

#include <tl/expected.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace engine {

/// What went wrong, in words for a person and in fields for a program. Value type.
struct Error {
  Errc code = Errc::unknown;
  std::string message = {};  ///< one sentence: what happened and where
  std::string hint = {};     ///< what to do about it; may be empty
  std::string info = {};     ///< structured data as JSON text; empty when there is none
  std::string debug = {};    ///< for developers (traceback, system call); never sent to strangers

  /// Puts `where` in front of the message: "opening archive: no such file".
  [[nodiscard]] Error context(std::string_view where) && {
    message.insert(0, std::string(where) + ": ");
    return std::move(*this);
  }
  [[nodiscard]] Error with_hint(std::string_view text) && {
    hint = text;
    return std::move(*this);
  }
};

/// A value or the Error that stands in its place. The only way engine code reports failure.
template <typename T = void>
using Result = tl::expected<T, Error>;

/// An unexpected Error, to `return` from a function that gives a Result.
[[nodiscard]] inline tl::unexpected<Error> fail(Errc code, std::string message) {
  return tl::unexpected<Error>(Error{.code = code, .message = std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

/// An Error from `errno` after a failed system call on `what`: "open /x: No such file or
/// directory".
[[nodiscard]] Error errno_error(std::string_view what, int error_number);
[[nodiscard]] tl::unexpected<Error> fail_errno(std::string_view what);

}  // namespace engine

#define ENGINE_CONCAT_(a, b) a##b
#define ENGINE_CONCAT(a, b) ENGINE_CONCAT_(a, b)

/// Returns the Error of `expression` from the current function, or goes on.
#define TRY(expression)                                             \
  do {                                                              \
    if (auto try_result = (expression); !try_result) [[unlikely]] { \
      return ::engine::fail(std::move(try_result).error());         \
    }                                                               \
  } while (false)

/// `TRY_ASSIGN(auto x, f());` declares x with f's value, or returns f's Error.
#define TRY_ASSIGN(declaration, expression)                                         \
  auto ENGINE_CONCAT(try_result_, __LINE__) = (expression);                         \
  if (!ENGINE_CONCAT(try_result_, __LINE__)) [[unlikely]] {                         \
    return ::engine::fail(std::move(ENGINE_CONCAT(try_result_, __LINE__)).error()); \
  }                                                                                 \
  declaration = std::move(*ENGINE_CONCAT(try_result_, __LINE__))
