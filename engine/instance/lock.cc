#include "instance/lock.hh"

#include "base/bytes.hh"
#include "base/file.hh"
#include "base/version.hh"
#include "json/reader.hh"
#include "json/writer.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <sstream>

namespace engine::instance {
namespace {

std::string random_id() {
  std::array<std::byte, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return {};
  return to_hex(bytes);
}

std::string boot_id() {
  std::string text = read_file("/proc/sys/kernel/random/boot_id").value_or("");
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

json::Value to_json(const LockRecord& record) {
  json::Value value;
  value["pid"] = static_cast<std::int64_t>(record.pid);
  value["startTime"] = record.start_time;
  value["bootId"] = record.boot_id;
  value["instanceId"] = record.instance_id;
  value["version"] = record.version;
  value["socket"] = record.socket;
  return value;
}

LockRecord from_json(const json::Value& value) {
  return {.pid = static_cast<pid_t>(value.integer_or("pid", 0)),
          .start_time = static_cast<std::uint64_t>(value.integer_or("startTime", 0)),
          .boot_id = value.string_or("bootId", ""),
          .instance_id = value.string_or("instanceId", ""),
          .version = value.string_or("version", ""),
          .socket = value.string_or("socket", "")};
}

Result<LockRecord> read_record(const std::filesystem::path& path) {
  TRY_ASSIGN(const std::string text, read_file(path, 65536));
  TRY_ASSIGN(const json::Value value, json::parse(text));
  return from_json(value);
}

}  // namespace

std::uint64_t process_start_time(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return 0;
  // The command in parentheses may hold anything; field 22 counts from behind it.
  const auto end = stat->rfind(')');
  if (end == std::string::npos) return 0;
  std::istringstream fields(stat->substr(end + 1));
  std::string field;
  for (int i = 3; i <= 22 && fields >> field; ++i) {
    if (i == 22) return std::stoull(field);
  }
  return 0;
}

Result<Lock> Lock::acquire(const std::filesystem::path& path, const std::string& socket) {
  auto opened = open_file(path, O_RDWR | O_CREAT, 0600);
  if (!opened) {
    Error error = std::move(opened).error();
    error.code = Errc::data_dir_unusable;
    error.hint = "mend it, or choose another place with --data-dir DIR";
    return fail(std::move(error));
  }
  UniqueFd fd = std::move(*opened);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno("locking " + path.string());
    const auto other = read_record(path);
    const std::string who = other ? "process " + std::to_string(other->pid) : "another process";
    return fail(Error{.code = Errc::instance_held,
                      .message = "this instance is already served by " + who,
                      .hint = "moon-cli daemon status shows it; moon-cli daemon stop ends it"});
  }
  LockRecord record{.pid = ::getpid(),
                    .start_time = process_start_time(::getpid()),
                    .boot_id = boot_id(),
                    .instance_id = random_id(),
                    .version = std::string(kVersion),
                    .socket = socket};
  const std::string line = json::write(to_json(record)) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
    Error error = errno_error("writing " + path.string(), errno);
    error.code = Errc::data_dir_unusable;
    return fail(std::move(error));
  }
  return Lock(std::move(fd), std::move(record));
}

Result<LockRecord> Lock::holder(const std::filesystem::path& path) {
  // Not by trying the lock: holding it for an instant would make a daemon that starts right then
  // believe that the instance is taken. The record names its process for good.
  auto record = read_record(path);
  if (!record || record->pid <= 0 || record->boot_id != boot_id() ||
      process_start_time(record->pid) != record->start_time) {
    return fail(Errc::not_found, "no daemon holds " + path.string());
  }
  return record;
}

}  // namespace engine::instance
