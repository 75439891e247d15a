#pragma once

#include "base/result.hh"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace engine::json {

class Value;
using Array = std::vector<Value>;
/// Members in byte order of their keys.
using Object = std::map<std::string, Value, std::less<>>;

/// A JSON value as a tree. Value type.
///
/// Numbers keep their kind: integers that fit int64 are Int, larger ones up to 2^64-1 Uint, all
/// others Double; `1` and `1.0` are different values. For big documents prefer the reader's events.
class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}                                       // NOLINT
  Value(bool value) : data_(value) {}                            // NOLINT
  Value(int value) : data_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Value(std::int64_t value) : data_(value) {}                    // NOLINT
  Value(std::uint64_t value);                                    // NOLINT
  Value(double value) : data_(value) {}                          // NOLINT
  Value(const char* value) : data_(std::string(value)) {}        // NOLINT
  Value(std::string value) : data_(std::move(value)) {}          // NOLINT
  Value(std::string_view value) : data_(std::string(value)) {}   // NOLINT
  Value(Array value) : data_(std::move(value)) {}                // NOLINT
  Value(Object value) : data_(std::move(value)) {}               // NOLINT

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(data_); }
  [[nodiscard]] bool is_array() const { return std::holds_alternative<Array>(data_); }
  [[nodiscard]] bool is_string() const { return std::holds_alternative<std::string>(data_); }

  /// The content if it is of that kind, else null.
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&data_); }
  [[nodiscard]] const std::uint64_t* unsigned_integer() const {
    return std::get_if<std::uint64_t>(&data_);
  }
  [[nodiscard]] const double* real() const { return std::get_if<double>(&data_); }
  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&data_); }
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&data_); }
  [[nodiscard]] const Object* object() const { return std::get_if<Object>(&data_); }
  [[nodiscard]] Array* array() { return std::get_if<Array>(&data_); }
  [[nodiscard]] Object* object() { return std::get_if<Object>(&data_); }

  /// The member `key` of an object, or null if absent or not an object.
  [[nodiscard]] const Value* find(std::string_view key) const;
  /// The member as a string / integer / boolean, or the default.
  [[nodiscard]] std::string string_or(std::string_view key, std::string_view otherwise) const;
  [[nodiscard]] std::int64_t integer_or(std::string_view key, std::int64_t otherwise) const;
  [[nodiscard]] bool boolean_or(std::string_view key, bool otherwise) const;

  /// Makes this an object if it is null, and gives the (new) member.
  Value& operator[](std::string_view key);

  bool operator==(const Value& other) const = default;

 private:
  std::
      variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>
          data_;
};

}  // namespace engine::json
