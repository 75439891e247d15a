#pragma once

#include "ns/mount_table.hh"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

/// A directory of its own for one test; unmounts and removes all of it, also after a failure.
class TestDirectory {
 public:
  TestDirectory() {
    std::string pattern = "/tmp/moonbox-ns-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    ::chmod(pattern.c_str(), 0755);
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() {
    (void)engine::ns::unmount_tree(path_);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  std::filesystem::path make(const std::string& name) const {
    std::filesystem::create_directories(path_ / name);
    return path_ / name;
  }
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << content;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline uid_t owner_of(const std::filesystem::path& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_uid;
}

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The message of a failed Result, for REQUIRE lines.
template <typename T>
std::string why(const engine::Result<T>& result) {
  return result ? "" : result.error().message + " | " + result.error().debug;
}

#define REQUIRE_OK(expression)          \
  do {                                  \
    const auto& checked = (expression); \
    INFO(why(checked));                 \
    REQUIRE(checked.has_value());       \
  } while (false)
