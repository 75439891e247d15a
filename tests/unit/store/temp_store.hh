#pragma once

#include "json/reader.hh"
#include "json/writer.hh"
#include "store/store.hh"

#include "support/temp_dir.hh"
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace engine::test {

/// The value of a Result, or a failed test that says why not.
template <typename T>
T must(Result<T> result) {
  if (!result) FAIL(result.error().message);
  return std::move(*result);
}
inline void must(Result<> result) {
  if (!result) FAIL(result.error().message);
}

inline json::Pointer at(std::string_view text) {
  return must(json::Pointer::parse(text));
}
inline json::Value js(std::string_view text) {
  return must(json::parse(text));
}

inline std::unique_ptr<store::Store> open_store(const std::filesystem::path& directory,
                                                std::string_view initial = "{}") {
  store::StoreOptions options;
  options.initial = js(initial);
  return must(store::Store::open(directory, std::move(options)));
}

/// The text at `pointer` now.
inline std::string dump(const store::Store& store, std::string_view pointer = "") {
  const auto snapshot = must(store.peek());
  std::string text;
  json::Writer out(text);
  must(snapshot.write(at(pointer), out));
  return text;
}

inline store::Committed put(store::Store& store,
                            std::string_view pointer,
                            const json::Value& value,
                            store::Durability durability = store::Durability::durable) {
  return must(store.mutate(
      [&](store::Mutation& mutation) { return mutation.put(at(pointer), value); }, durability));
}

/// Why the store in `directory` does not open; with the place and what to do about it.
inline Error refused(const std::filesystem::path& directory) {
  const auto store = store::Store::open(directory);
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().message.find(directory.native()) != std::string::npos);
  CHECK_FALSE(store.error().hint.empty());
  return store.error();
}

inline std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void overwrite(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace engine::test
