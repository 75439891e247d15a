#include "cli/start_file.hh"

#include "json/reader.hh"
#include "json/writer.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

namespace engine::cli {
namespace {

constexpr char kBranch = 'b';
constexpr char kModule = 'm';

/// Tells a part that was damaged or half written; is no protection against an attacker, who cannot
/// write there (StartCache).
std::uint64_t hash_of(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

/// What a list of commands shows of one.
json::Value outline(const json::Value& command) {
  json::Value out = json::Object{};
  for (const char* key : {"name", "about", "hidden", "callable", "module"}) {
    if (const json::Value* value = command.find(key)) out[key] = *value;
  }
  return out;
}

class Maker {
 public:
  void add(char kind, std::string_view name, std::string_view text) {
    table_ += fmt::format("{} {} {:x} {}\n", kind, text.size(), hash_of(text), name);
    parts_ += text;
  }
  [[nodiscard]] std::string text() && { return std::move(table_) + '\n' + parts_; }

 private:
  std::string table_;
  std::string parts_;
};

/// A number in front of `line` and the space behind it.
template <typename Number>
bool take(std::string_view& line, Number& number, int base) {
  const char* const end = line.data() + line.size();
  const auto [stop, code] = std::from_chars(line.data(), end, number, base);
  if (code != std::errc() || stop == end || *stop != ' ') return false;
  line.remove_prefix(static_cast<std::size_t>(stop - line.data()) + 1);
  return true;
}

}  // namespace

std::string StartFile::make(const json::Value& tree, const std::vector<Module>& modules) {
  Maker maker;
  json::Value root = tree;
  if (json::Value* const list = root.is_object() ? &root["subcommands"] : nullptr;
      list != nullptr && list->array() != nullptr) {
    for (json::Value& branch : *list->array()) {
      maker.add(kBranch, branch.string_or("name", ""), json::write(branch));
      branch = outline(branch);
    }
  }
  maker.add(kBranch, "", json::write(root));
  for (const Module& module : modules)
    maker.add(kModule, module.name, module.code);
  return std::move(maker).text();
}

StartFile::StartFile(std::string_view text) {
  const std::size_t end = text.find("\n\n");
  if (end == std::string_view::npos) return;
  std::string_view table = text.substr(0, end + 1);
  std::string_view rest = text.substr(end + 2);
  while (!table.empty()) {
    std::string_view line = table.substr(0, table.find('\n'));
    table.remove_prefix(line.size() + 1);
    const char kind = line.substr(0, 1) == "m" ? kModule : kBranch;
    std::size_t size = 0;
    Part part;
    line.remove_prefix(std::min<std::size_t>(2, line.size()));
    if (!take(line, size, 10) || !take(line, part.hash, 16) || size > rest.size()) return;
    part.text = rest.substr(0, size);
    rest.remove_prefix(size);
    (kind == kModule ? modules_ : branches_).emplace(line, part);
  }
}

Result<Command> StartFile::tree(const std::vector<std::string>& words) const {
  const auto read = [this](std::string_view name) -> Result<Command> {
    const auto found = branches_.find(name);
    if (found == branches_.end()) return fail(Errc::parse_error, "a branch is missing");
    TRY_ASSIGN(const json::Value description, json::parse(found->second.text));
    return read_command(description);
  };
  TRY_ASSIGN(Command root, read(""));
  for (Command& branch : root.subcommands) {
    if (std::find(words.begin(), words.end(), branch.name) == words.end()) continue;
    TRY_ASSIGN(branch, read(branch.name));
  }
  return root;
}

std::string_view StartFile::code(std::string_view module) const {
  const auto found = modules_.find(module);
  if (found == modules_.end() || hash_of(found->second.text) != found->second.hash) return {};
  return found->second.text;
}

}  // namespace engine::cli
