#include "rpc/envelope.hh"

#include <algorithm>
#include <array>

namespace engine::rpc {
namespace {

struct Name {
  std::string_view text;
  Member member;
};
// By length: a key is compared with the few names that are as long.
constexpr std::array kNames = {Name{"id", Member::id},
                               Name{"error", Member::error},
                               Name{"trace", Member::trace},
                               Name{"method", Member::method},
                               Name{"params", Member::params},
                               Name{"result", Member::result},
                               Name{"locale", Member::locale},
                               Name{"jsonrpc", Member::jsonrpc},
                               Name{"request", Member::request},
                               Name{"instance", Member::instance},
                               Name{"deadline_ms", Member::deadline_ms},
                               Name{"allow_latest", Member::allow_latest},
                               Name{"idempotency_key", Member::idempotency_key},
                               Name{"protocol_version", Member::protocol_version}};
static_assert(kNames.size() == static_cast<std::size_t>(Member::count_));
static_assert(std::ranges::is_sorted(kNames, {}, [](const Name& name) {
  return name.text.size();
}));

constexpr std::size_t kLongestName = kNames.back().text.size();
/// Of each length, which of kNames is the first; one more for the end.
constexpr auto kFirstOfLength = [] {
  std::array<std::uint8_t, kLongestName + 2> first{};
  for (std::size_t length = 0; length < first.size(); ++length) {
    while (first[length] < kNames.size() && kNames[first[length]].text.size() < length)
      ++first[length];
  }
  return first;
}();

constexpr std::array<std::string_view, 8> kSpacedriveTags = {"Ping",
                                                             "Query",
                                                             "Action",
                                                             "Subscribe",
                                                             "Unsubscribe",
                                                             "SubscribeLogs",
                                                             "UnsubscribeLogs",
                                                             "Shutdown"};

Member member_named(std::string_view key) {
  if (key.size() > kLongestName) return Member::count_;
  for (std::size_t at = kFirstOfLength[key.size()]; at < kFirstOfLength[key.size() + 1]; ++at) {
    if (kNames[at].text == key) return kNames[at].member;
  }
  return Member::count_;
}

bool is_space(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

class Slicer final : public json::Handler {
 public:
  Slicer(std::string_view line, Envelopes& out) : line_(line), out_(out) {}

  bool on_null() override { return scalar(Kind::null); }
  bool on_boolean(bool) override { return scalar(Kind::boolean); }
  bool on_integer(std::int64_t) override { return scalar(Kind::number); }
  bool on_unsigned(std::uint64_t) override { return scalar(Kind::number); }
  bool on_real(double) override { return scalar(Kind::number); }
  bool on_string(std::string_view) override { return scalar(Kind::string); }
  bool on_start_object() override { return open(Kind::object); }
  bool on_start_array() override { return open(Kind::array); }
  bool on_end_object() override { return close(); }
  bool on_end_array() override { return close(); }

  bool on_key(std::string_view key) override {
    if (depth_ != envelope_depth_ || !in_envelope_) return true;
    Envelope& envelope = out_.items.back();
    ++envelope.size;
    current_ = member_named(key);
    envelope.spacedrive = envelope.size == 1 && current_ == Member::count_ &&
                          std::ranges::find(kSpacedriveTags, key) != kSpacedriveTags.end();
    if (current_ != Member::count_) begin_ = value_start(offset());
    if (current_ >= Member::locale && current_ < Member::count_) envelope.options = true;
    return true;
  }

 private:
  /// Where the value after the key that ends at `at` begins.
  [[nodiscard]] std::size_t value_start(std::size_t at) const {
    while (at < line_.size() && (is_space(line_[at]) || line_[at] == ':'))
      ++at;
    return at;
  }

  bool scalar(Kind kind) {
    if (depth_ == 0) {
      out_.root = kind;
    } else if (depth_ == 1 && out_.root == Kind::array) {
      out_.items.emplace_back();
    } else if (in_envelope_ && depth_ == envelope_depth_) {
      set_member(kind);
    }
    return true;
  }

  bool open(Kind kind) {
    if (depth_ == 0) {
      out_.root = kind;
      if (kind == Kind::object) begin_envelope(1);
    } else if (depth_ == 1 && out_.root == Kind::array) {
      if (kind == Kind::object) {
        begin_envelope(2);
      } else {
        out_.items.emplace_back();
      }
    } else if (in_envelope_ && depth_ == envelope_depth_) {
      opened_ = kind;
    }
    ++depth_;
    return true;
  }

  bool close() {
    --depth_;
    if (!in_envelope_) return true;
    if (depth_ == envelope_depth_) set_member(opened_);
    if (depth_ < envelope_depth_) in_envelope_ = false;
    return true;
  }

  void begin_envelope(std::size_t depth) {
    envelope_depth_ = depth;
    in_envelope_ = true;
    out_.items.emplace_back().is_object = true;
  }

  void set_member(Kind kind) {
    if (current_ == Member::count_) return;
    out_.items.back().members[static_cast<std::size_t>(current_)] = {
        kind, line_.substr(begin_, offset() - begin_)};
  }

  std::string_view line_;
  Envelopes& out_;
  std::size_t depth_ = 0;
  std::size_t envelope_depth_ = 0;
  std::size_t begin_ = 0;
  Member current_ = Member::count_;
  Kind opened_ = Kind::absent;
  bool in_envelope_ = false;
};

/// Reads the whole document as one string.
class StringReader final : public json::Handler {
 public:
  explicit StringReader(std::string& out) : out_(out) {}
  bool on_null() override { return false; }
  bool on_boolean(bool) override { return false; }
  bool on_integer(std::int64_t) override { return false; }
  bool on_unsigned(std::uint64_t) override { return false; }
  bool on_real(double) override { return false; }
  bool on_string(std::string_view value) override {
    out_ = value;
    return true;
  }
  bool on_start_object() override { return false; }
  bool on_key(std::string_view) override { return false; }
  bool on_end_object() override { return false; }
  bool on_start_array() override { return false; }
  bool on_end_array() override { return false; }

 private:
  std::string& out_;
};

}  // namespace

Result<> slice_envelopes(std::string_view line, std::size_t max_depth, Envelopes& out) {
  out.root = Kind::absent;
  out.items.clear();
  Slicer slicer(line, out);
  return json::parse(line, slicer, max_depth);
}

std::string_view unquote(std::string_view text, std::string& storage) {
  if (text.find('\\') == std::string_view::npos) return text.substr(1, text.size() - 2);
  StringReader reader(storage);
  if (!json::parse(text, reader)) storage.clear();
  return storage;
}

}  // namespace engine::rpc
