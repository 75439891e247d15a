#pragma once

#include "base/result.hh"

#include "fetch/transfer.hh"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace engine::fetch {

/// A request that carries something: a text, or a file.
struct Upload {
  std::string method;
  std::string url;
  std::vector<std::string> headers = {};  ///< "Name: value"
  std::string body = {};
  std::filesystem::path file = {};  ///< instead of `body`
  /// Bytes of the file sent so far and in all.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};
};

struct Answer {
  long status = 0;
  std::string body = {};
};

/// Sends `upload` and waits for the answer, of at most 1 MiB. Redirects are not followed: what was
/// meant for one server is not handed to another. Blocks.
/// ERRORS: Errc::network, Errc::timeout, Errc::parse_url; as errno_error for the file.
Result<Answer> exchange(const Upload& upload, const ConnectOptions& options = {});

}  // namespace engine::fetch
