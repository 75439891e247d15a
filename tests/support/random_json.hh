#pragma once

#include "json/value.hh"

#include <array>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace engine::test {

/// Seeded random documents with the keys and numbers that break naive code.
class RandomJson {
 public:
  explicit RandomJson(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_);
  }

  std::string key() {
    static const std::array<std::string, 14> kKeys = {"",
                                                      "~",
                                                      "/",
                                                      "a~1b/c",
                                                      "caf\xc3\xa9",
                                                      std::string("nul\0x", 5),
                                                      "0",
                                                      "01",
                                                      "-",
                                                      "__proto__",
                                                      "\xf0\x9f\x8c\x99",
                                                      "quote\"back\\slash\n",
                                                      "a",
                                                      "b"};
    const std::size_t pick = below(kKeys.size() + 4);
    if (pick < kKeys.size()) return kKeys[pick];
    if (pick == kKeys.size()) return std::string(448, 'k') + std::to_string(below(3));
    return "key" + std::to_string(below(30));
  }

  json::Value scalar() {
    switch (below(9)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return std::numeric_limits<std::int64_t>::min();
      case 3:
        return std::numeric_limits<std::uint64_t>::max();
      case 4:
        return 1.0;
      case 5:
        return 1;
      case 6:
        return 0.1 * static_cast<double>(below(100));
      case 7:
        return std::string(below(40), 'x') + key();
      default:
        return static_cast<std::int64_t>(below(10));
    }
  }

  json::Value value(std::size_t depth, std::size_t width) {
    const std::size_t pick = depth == 0 ? 0 : below(4);
    if (pick < 2) return scalar();
    if (pick == 2) {
      json::Array elements(below(width + 1));
      for (json::Value& element : elements)
        element = value(depth - 1, width);
      return elements;
    }
    json::Object members;
    for (std::size_t i = below(width + 1); i > 0; --i)
      members[key()] = value(depth - 1, width);
    return members;
  }

  /// A neighbour of `value`: some members and elements changed, put in, taken out or swapped.
  json::Value edit(json::Value value, std::size_t depth) {
    if (json::Array* elements = value.array()) {
      for (json::Value& element : *elements)
        if (below(5) == 0) element = edit(std::move(element), depth);
      if (!elements->empty() && below(3) == 0) {
        elements->erase(elements->begin() + static_cast<std::ptrdiff_t>(below(elements->size())));
      }
      if (below(3) == 0) {
        const auto at = static_cast<std::ptrdiff_t>(below(elements->size() + 1));
        elements->insert(elements->begin() + at, this->value(depth, 4));
      }
      return value;
    }
    if (json::Object* members = value.object()) {
      for (auto& [name, member] : *members)
        if (below(4) == 0) member = edit(std::move(member), depth);
      if (!members->empty() && below(4) == 0) members->erase(members->begin());
      if (below(3) == 0) (*members)[key()] = this->value(depth, 4);
      return value;
    }
    return below(2) == 0 ? scalar() : this->value(depth, 4);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace engine::test
