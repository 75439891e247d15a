#pragma once

#include "base/result.hh"
#include "json/value.hh"
#include "json/writer.hh"
#include "store/layout.hh"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine::store {

enum class Kind : std::uint8_t { scalar, object, array };

/// What kind of value stands somewhere, and how many children it has (0 for scalars).
struct Shape {
  Kind kind = Kind::scalar;
  std::size_t size = 0;
};

/// The document as a transaction sees it, read by steps. Value type; dies with its transaction,
/// which changes nothing meanwhile; used by one thread: it remembers the steps taken last.
/// Every ERRORS of it: Errc::corrupt where an entry is damaged.
class Document {
 public:
  explicit Document(const Txn& txn) : txn_(txn) {}

  /// A value's place: a part of an entry's text, or a container.
  struct Place {
    Form form = Form::text;
    std::string_view text;
    ContainerId container = 0;
  };

  [[nodiscard]] Result<Place> root() const;
  /// The member or element named by a pointer token, or nothing (also in a scalar, and for tokens
  /// that are no index of an array).
  [[nodiscard]] Result<std::optional<Place>> child(const Place& place,
                                                   std::string_view token) const;
  /// What a pointer of these tokens names, or nothing.
  [[nodiscard]] Result<std::optional<Place>> find(std::span<const std::string> tokens) const;
  [[nodiscard]] static Kind kind(const Place& place);
  [[nodiscard]] Result<Shape> shape(const Place& place) const;
  [[nodiscard]] Result<json::Value> value(const Place& place) const;
  /// Writes the value as one event sequence, members in byte order.
  Result<> write(const Place& place, json::Writer& out) const;
  /// Names of an object's members in byte order; nothing for other kinds.
  [[nodiscard]] Result<std::vector<std::string>> names(const Place& place) const;

 private:
  static constexpr std::size_t kSteps = 16;
  /// A step that was taken: from a place by a token to another. Without constructor, so that a
  /// Document costs nothing to make.
  struct Step {
    Form form;
    ContainerId container;
    const char* text;
    std::uint8_t size;
    std::array<char, 47> token;
    Place to;
    [[nodiscard]] bool starts(const Place& place, std::string_view name) const;
  };

  static std::size_t step_of(const Place& place, std::string_view token);
  static Place place_of(const Child& child);
  static std::optional<Place> child_in_text(std::string_view text, std::string_view token);
  [[nodiscard]] Result<std::optional<Place>> child_in_container(const Place& place,
                                                                std::string_view token) const;
  Result<> write_array(ContainerId array, json::Writer& out) const;

  Txn txn_;
  mutable std::optional<Place> root_;
  mutable std::array<Step, kSteps> steps_;
  mutable std::uint32_t known_ = 0;  ///< one bit for each step that was taken
};

}  // namespace engine::store
