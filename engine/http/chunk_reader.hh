#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace engine::http {

/// Takes the chunked transfer coding off a body. Sans-IO.
class ChunkReader {
 public:
  ChunkReader();
  ChunkReader(const ChunkReader&) = delete;
  ChunkReader& operator=(const ChunkReader&) = delete;
  ~ChunkReader();

  /// Appends to `body` what `input` holds of it, and returns how many bytes of `input` are used up;
  /// the rest must come again in front of what follows.
  std::size_t take(std::string_view input, std::string& body);
  [[nodiscard]] bool done() const;
  [[nodiscard]] bool broken() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::http
