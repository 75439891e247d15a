#include "ns/rotating_file.hh"

#include "base/file.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <string>

namespace engine::ns {

RotatingFile::RotatingFile(std::filesystem::path path, std::size_t max_bytes, unsigned keep)
    : path_(std::move(path)), max_bytes_(max_bytes), keep_(keep) {}

Result<> RotatingFile::open() {
  TRY_ASSIGN(file_, open_file(path_, O_WRONLY | O_CREAT | O_APPEND, 0640));
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) return fail_errno("stat " + path_.string());
  size_ = static_cast<std::size_t>(status.st_size);
  return {};
}

void RotatingFile::rotate() {
  file_.reset();
  for (unsigned i = keep_ - 1; i > 0; --i) {
    const std::string from = i == 1 ? path_.string() : path_.string() + "." + std::to_string(i - 1);
    ::rename(from.c_str(), (path_.string() + "." + std::to_string(i)).c_str());
  }
}

Result<> RotatingFile::append(std::string_view line) {
  if (!file_) TRY(open());
  if (size_ > 0 && size_ + line.size() + 1 > max_bytes_) {
    rotate();
    TRY(open());
  }
  std::string text(line);
  text += '\n';
  TRY(write_all(file_.get(), text));
  size_ += text.size();
  return {};
}

}  // namespace engine::ns
