#include "base/log.hh"

#include "base/time.hh"
#include "base/verbosity.hh"

#include <fmt/format.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace engine::log {

struct Verbosity::Wish {
  Level level;
  std::vector<std::string> targets;
};

namespace {

constexpr std::size_t kRotateBytes = 50UL << 20U;
constexpr std::size_t kRotateCount = 10;
constexpr std::size_t kShortestSecret = 6;
constexpr std::string_view kMask = "***";
constexpr std::array<std::string_view, 5> kNames = {"trace", "debug", "info", "warn", "error"};

struct State {
  std::mutex mutex;
  Options options;
  std::shared_ptr<spdlog::logger> file;
  std::shared_ptr<spdlog::logger> console;
  std::shared_ptr<const std::vector<std::string>> secrets;  ///< null: none
  std::vector<const Verbosity::Wish*> wishes;
  std::shared_mutex observing;  ///< shared while the observer runs
  Observer observer;
};

State& state() {
  static State instance;
  return instance;
}

std::string json_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out += '"';
}

/// As journals write it: 32 hexadecimal digits; empty where the kernel does not say.
const std::string& boot_id() {
  static const std::string id = [] {
    std::string text;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
    std::erase(text, '-');
    return text;
  }();
  return id;
}

std::string json_line(Level level,
                      std::string_view target,
                      std::string_view message,
                      std::span<const Field> fields,
                      std::string_view instance) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","target":{},"message":{})",
                                 now_rfc3339(),
                                 level_name(level),
                                 json_quote(target),
                                 json_quote(message));
  if (!instance.empty()) line += fmt::format(R"(,"instance":{})", json_quote(instance));
  if (!boot_id().empty()) line += fmt::format(R"(,"boot":"{}")", boot_id());
  for (const auto& [name, value] : fields) {
    line += fmt::format(",{}:{}", json_quote(name), json_quote(value));
  }
  return line += '}';
}

/// Text of others may not steer the terminal, nor make a line that looks like an entry: control
/// characters stand as Lua writes them, `\027`, and further lines are indented.
std::string shown(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto byte = static_cast<unsigned char>(text[at]);
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    const bool wide = byte == 0xC2 && next >= 0x80 && next < 0xA0;  // U+0080 to U+009F
    if (wide) byte = static_cast<unsigned char>(text[++at]);
    if (byte == '\n') {
      out += "\n  ";
    } else if (wide || (byte < 0x20 && byte != '\t') || byte == 0x7F) {
      out += fmt::format("\\{:03}", byte);
    } else {
      out += static_cast<char>(byte);
    }
  }
  return out;
}

std::string text_line(Level level,
                      std::string_view target,
                      std::string_view message,
                      std::span<const Field> fields) {
  std::string line = fmt::format(
      "{} {:5} {}: {}", now_rfc3339(), level_name(level), shown(target), shown(message));
  for (const auto& [name, value] : fields)
    line += fmt::format(" {}={}", shown(name), shown(value));
  return line;
}

bool is_wanted(const Verbosity::Wish& wish, Level level, std::string_view target) {
  if (level < wish.level) return false;
  return wish.targets.empty() || std::ranges::any_of(wish.targets, [target](const auto& part) {
           return target.starts_with(part) &&
                  (target.size() == part.size() || target[part.size()] == '.');
         });
}

Result<std::shared_ptr<spdlog::logger>> open_file_sink(const std::filesystem::path& path) {
  try {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        path.string(), kRotateBytes, kRotateCount);
    auto logger = std::make_shared<spdlog::logger>("file", std::move(sink));
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
    return logger;
  } catch (const spdlog::spdlog_ex& problem) {
    return fail(Errc::filesystem, fmt::format("opening log {}: {}", path.string(), problem.what()));
  }
}

}  // namespace

Result<> configure(const Options& options) {
  std::shared_ptr<spdlog::logger> file;
  if (!options.file.empty()) {
    TRY_ASSIGN(file, open_file_sink(options.file));
  }
  std::shared_ptr<spdlog::logger> console;
  if (options.to_stderr) {
    console = std::make_shared<spdlog::logger>("stderr",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>());
    console->set_pattern("%v");
    console->set_level(spdlog::level::trace);
  }
  const std::lock_guard lock(state().mutex);
  state().options = options;
  state().file = std::move(file);
  state().console = std::move(console);
  return {};
}

Result<> reopen() {
  Options options;
  {
    const std::lock_guard lock(state().mutex);
    options = state().options;
  }
  return configure(options);
}

Level threshold() {
  const std::lock_guard lock(state().mutex);
  return state().options.level;
}

Verbosity::Verbosity(Level level, std::vector<std::string> targets)
    : wish_(std::make_unique<Wish>(Wish{level, std::move(targets)})) {
  const std::lock_guard lock(state().mutex);
  state().wishes.push_back(wish_.get());
}
Verbosity::Verbosity(Verbosity&&) noexcept = default;
Verbosity& Verbosity::operator=(Verbosity&& other) noexcept {
  std::swap(wish_, other.wish_);
  return *this;
}
Verbosity::~Verbosity() {
  const std::lock_guard lock(state().mutex);
  std::erase(state().wishes, wish_.get());
}

void observe(Observer observer) {
  const std::lock_guard lock(state().observing);
  state().observer = std::move(observer);
}

bool hide(std::string_view secret) {
  if (secret.size() < kShortestSecret) return false;
  const std::lock_guard lock(state().mutex);
  auto secrets = state().secrets ? *state().secrets : std::vector<std::string>();
  secrets.emplace_back(secret);
  // The longest first, or a secret within another would uncover the rest of it.
  std::ranges::stable_sort(secrets, std::greater(), &std::string::size);
  state().secrets = std::make_shared<const std::vector<std::string>>(std::move(secrets));
  return true;
}

void unhide(std::string_view secret) {
  const std::lock_guard lock(state().mutex);
  if (!state().secrets) return;
  auto secrets = *state().secrets;
  if (const auto found = std::ranges::find(secrets, secret); found != secrets.end()) {
    secrets.erase(found);
  }
  state().secrets = secrets.empty()
                        ? nullptr
                        : std::make_shared<const std::vector<std::string>>(std::move(secrets));
}

namespace {

std::string mask(std::string_view text, const std::vector<std::string>& secrets) {
  std::string out(text);
  for (const std::string& secret : secrets) {
    for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at)) {
      out.replace(at, secret.size(), kMask);
      at += kMask.size();
    }
  }
  return out;
}

/// `aside`: to the observer alone.
void write_masked(Level level,
                  std::string_view target,
                  std::string_view message,
                  std::span<const Field> fields,
                  bool aside) {
  std::shared_ptr<spdlog::logger> file;
  std::shared_ptr<spdlog::logger> console;
  std::string instance;
  if (!aside) {
    const std::lock_guard lock(state().mutex);
    file = state().file;
    console = state().console;
    instance = state().options.instance;
  }
  if (file)
    file->log(spdlog::level::info, "{}", json_line(level, target, message, fields, instance));
  if (console) console->log(spdlog::level::info, "{}", text_line(level, target, message, fields));
  const std::shared_lock lock(state().observing);
  if (state().observer) state().observer(level, target, message, fields);
}

}  // namespace

std::string masked(std::string_view text) {
  std::shared_ptr<const std::vector<std::string>> secrets;
  {
    const std::lock_guard lock(state().mutex);
    secrets = state().secrets;
  }
  return secrets ? mask(text, *secrets) : std::string(text);
}

void write(Level level,
           std::string_view target,
           std::string_view message,
           std::span<const Field> fields) {
  std::shared_ptr<const std::vector<std::string>> secrets;
  bool aside = false;
  {
    const std::lock_guard lock(state().mutex);
    aside = level < state().options.level;
    if (aside && std::ranges::none_of(state().wishes, [level, target](const auto* wish) {
          return is_wanted(*wish, level, target);
        })) {
      return;
    }
    secrets = state().secrets;
  }
  if (secrets == nullptr) return write_masked(level, target, message, fields, aside);
  std::vector<std::string> values;
  std::vector<Field> masked;
  values.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    values.push_back(mask(value, *secrets));
    masked.emplace_back(name, values.back());
  }
  write_masked(level, target, mask(message, *secrets), masked, aside);
}

Level level_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Level>(i);
  }
  return Level::info;
}

std::string_view level_name(Level level) {
  return kNames[static_cast<std::size_t>(level)];
}

}  // namespace engine::log
