#pragma once

#include "base/log.hh"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine::event {

/// Something that happened. Value type; empty fields are absent.
struct Event {
  std::string type = {};  ///< "job", "script.reloaded", …
  log::Level level = log::Level::info;
  std::string target = {};           ///< the part that speaks, dotted: "service.hello-world"
  std::string resource_type = {};    ///< what it is about, with `resource_id`: "notification"
  std::string resource_id = {};      ///< "17"
  std::string job = {};              ///< job id
  std::string package = {};          ///< package id
  std::string trace = {};            ///< what its caller named the call that made it
  std::vector<std::string> paths{};  ///< slash paths: "/public/packageData/hello-world"
  std::string data = "{}";           ///< one JSON document
  /// Events of one key tell of one thing as it changes: who may skip some sees the newest. Without
  /// it, job or resource are the key. Not sent.
  std::string key = {};
  bool terminal = false;  ///< the last of its key; never skipped. Not sent.
  bool aside = false;     ///< only for readers that name a level as low as its own. Not sent.
};

/// An event as it was published. Immutable, shared by all who see it, encoded once.
class Record {
 public:
  explicit Record(Event event);

  /// Gives the record its number. Once, before it is shared.
  void number(std::uint64_t seq);

  [[nodiscard]] std::uint64_t seq() const { return seq_; }
  [[nodiscard]] const Event& event() const { return event_; }
  /// {"ts","type","level","target"?,"resource"?,"job"?,"package"?,"trace"?,"paths"?,"data"}
  [[nodiscard]] std::string_view text() const;
  /// `"seq":N,"event":TEXT}}`: what every notification of this event ends with.
  [[nodiscard]] std::string_view notification_tail() const;
  /// Bytes it takes in memory, about.
  [[nodiscard]] std::size_t size() const { return buffer_.size() + sizeof(Record); }
  /// The key for coalescing; empty: it stands for itself.
  [[nodiscard]] const std::string& key() const { return event_.key; }

 private:
  Event event_;
  std::uint64_t seq_ = 0;
  std::string buffer_;  ///< room for the number, the text, the closing braces
  std::size_t begin_ = 0;
};
using RecordPtr = std::shared_ptr<const Record>;

}  // namespace engine::event
