#include "json/value.hh"

#include <limits>

namespace engine::json {

Value::Value(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    data_ = static_cast<std::int64_t>(value);
  } else {
    data_ = value;
  }
}

const Value* Value::find(std::string_view key) const {
  const Object* members = object();
  if (members == nullptr) return nullptr;
  const auto found = members->find(key);
  return found == members->end() ? nullptr : &found->second;
}

std::string Value::string_or(std::string_view key, std::string_view otherwise) const {
  const Value* member = find(key);
  return member != nullptr && member->is_string() ? *member->string() : std::string(otherwise);
}

std::int64_t Value::integer_or(std::string_view key, std::int64_t otherwise) const {
  const Value* member = find(key);
  return member != nullptr && member->integer() != nullptr ? *member->integer() : otherwise;
}

bool Value::boolean_or(std::string_view key, bool otherwise) const {
  const Value* member = find(key);
  return member != nullptr && member->boolean() != nullptr ? *member->boolean() : otherwise;
}

Value& Value::operator[](std::string_view key) {
  if (is_null()) data_ = Object{};
  Object& members = std::get<Object>(data_);
  const auto found = members.find(key);
  if (found != members.end()) return found->second;
  return members.emplace(std::string(key), Value()).first->second;
}

}  // namespace engine::json
