#include "archive/text_place.hh"

#include "json/reader.hh"

#include <algorithm>
#include <vector>

namespace engine::archive {
namespace {

/// Follows a document to the value of one field.
class Locator final : public json::Handler {
 public:
  Locator(std::string_view text, std::string_view field) : text_(text), field_(field) {}

  [[nodiscard]] std::size_t found() const { return found_; }

  bool on_null() override { return scalar(); }
  bool on_boolean(bool /*value*/) override { return scalar(); }
  bool on_integer(std::int64_t /*value*/) override { return scalar(); }
  bool on_unsigned(std::uint64_t /*value*/) override { return scalar(); }
  bool on_real(double /*value*/) override { return scalar(); }
  bool on_string(std::string_view /*value*/) override { return scalar(); }
  bool on_start_object() override { return enter(false); }
  bool on_start_array() override { return enter(true); }
  bool on_end_object() override { return leave(); }
  bool on_end_array() override { return leave(); }
  bool on_key(std::string_view key) override {
    levels_.back().key = key;
    past_ = offset();
    return true;
  }

 private:
  struct Level {
    std::string path;  ///< of the object or array; meaningful if it leads to the field
    bool leads = false;
    bool is_array = false;
    std::size_t index = 0;
    std::string key = {};
  };

  /// The value that begins now: its path, and whether the field is it or lies in it.
  Level next() {
    if (levels_.empty()) return {.path = "", .leads = true};
    Level& around = levels_.back();
    const std::size_t index = around.index++;
    if (!around.leads) return {};
    std::string path = around.path;
    if (around.is_array) {
      path += "[" + std::to_string(index) + "]";
    } else {
      path += (path.empty() ? "" : ".") + around.key;
    }
    const std::string_view rest = field_.substr(std::min(path.size(), field_.size()));
    const bool leads =
        field_.starts_with(path) && (rest.empty() || rest.front() == '.' || rest.front() == '[');
    return {.path = std::move(path), .leads = leads};
  }

  Level value() {
    Level begun = next();
    const std::size_t start = text_.find_first_not_of(" \t\r\n:,", past_);
    if (begun.leads && start != std::string_view::npos) found_ = start;
    past_ = offset();
    return begun;
  }

  bool scalar() {
    value();
    return true;
  }
  bool enter(bool is_array) {
    Level level = value();
    level.is_array = is_array;
    levels_.push_back(std::move(level));
    return true;
  }
  bool leave() {
    levels_.pop_back();
    past_ = offset();
    return true;
  }

  std::string_view text_;
  std::string_view field_;
  std::vector<Level> levels_;
  std::size_t past_ = 0;  ///< the end of the last token
  std::size_t found_ = 0;
};

}  // namespace

std::string show_place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return "line " + std::to_string(line) + ", column " +
         std::to_string(before.size() - line_start + 1) + " (byte " + std::to_string(offset) + ")";
}

std::size_t locate_field(std::string_view text, std::string_view field) {
  Locator locator(text, field);
  // The text was read before; what is not found is at its beginning.
  return json::parse(text, locator) ? locator.found() : 0;
}

}  // namespace engine::archive
