#include "rpc/params.hh"

#include "json/reader.hh"

namespace engine::rpc {
namespace {

constexpr std::string_view kReserved = "__";

/// Stops at the first reserved key of the outermost object.
class ReservedKeys final : public json::Handler {
 public:
  std::string found;

  bool on_null() override { return true; }
  bool on_boolean(bool) override { return true; }
  bool on_integer(std::int64_t) override { return true; }
  bool on_unsigned(std::uint64_t) override { return true; }
  bool on_real(double) override { return true; }
  bool on_string(std::string_view) override { return true; }
  bool on_start_object() override { return enter(); }
  bool on_start_array() override { return enter(); }
  bool on_end_object() override { return leave(); }
  bool on_end_array() override { return leave(); }
  bool on_key(std::string_view key) override {
    if (depth_ != 1 || !key.starts_with(kReserved)) return true;
    found = key;
    return false;
  }

 private:
  bool enter() {
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }
  int depth_ = 0;
};

}  // namespace

std::string reserved_member(std::string_view params) {
  // Hardly any params have two underscores in a row, written as such or as escapes.
  constexpr auto kNone = std::string_view::npos;
  if (params.find(kReserved) == kNone && params.find("\\u005") == kNone) return {};
  ReservedKeys keys;
  (void)json::parse(params, keys);
  return std::move(keys.found);
}

}  // namespace engine::rpc
