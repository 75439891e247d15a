#pragma once

#include "json/reader.hh"
#include "json/writer.hh"
#include "store/store.hh"

#include <catch2/catch.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace engine::test {

/// A directory that disappears with its owner.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "moonbox-store-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

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

}  // namespace engine::test
