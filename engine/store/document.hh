#pragma once

#include "base/result.hh"
#include "json/value.hh"
#include "json/writer.hh"
#include "store/layout.hh"

#include <cstddef>
#include <optional>
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

/// The document as a transaction sees it, read by steps. Value type; dies with its transaction.
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
  [[nodiscard]] Result<Shape> shape(const Place& place) const;
  [[nodiscard]] Result<json::Value> value(const Place& place) const;
  /// Writes the value as one event sequence, members in byte order.
  Result<> write(const Place& place, json::Writer& out) const;
  /// Names of an object's members in byte order; nothing for other kinds.
  [[nodiscard]] Result<std::vector<std::string>> names(const Place& place) const;

 private:
  static Place place_of(const Child& child);
  Result<> write_array(ContainerId array, json::Writer& out) const;

  Txn txn_;
};

}  // namespace engine::store
