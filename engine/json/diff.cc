#include "json/diff.hh"

#include <algorithm>
#include <bit>
#include <functional>
#include <unordered_map>
#include <utility>

namespace engine::json {
namespace {

/// Arrays whose text sizes multiply to at most this are aligned by the exact cost in bytes.
constexpr std::size_t kExactBudget = 4UL << 20U;
/// Differences up to which the longest common subsequence of bigger arrays is sought.
constexpr std::size_t kMaxDifferences = 400;
/// Text of an operation beside path and value, comma included.
constexpr std::size_t kRemoveCost = 26;
constexpr std::size_t kAddCost = 32;
constexpr std::size_t kReplaceCost = 36;

struct Digest {
  std::uint64_t hash = 0;
  std::size_t size = 0;  ///< bytes of compact text
};

std::uint64_t mix(std::uint64_t seed, std::uint64_t value) {
  std::uint64_t x = seed ^ (value + 0x9e3779b97f4a7c15U + (seed << 6U) + (seed >> 2U));
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

std::uint64_t hash_text(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

/// Bytes of `text` as a JSON string without its quotes.
std::size_t escaped_size(std::string_view text) {
  std::size_t size = text.size();
  for (const char c : text) {
    if (c == '"' || c == '\\') ++size;
    if (static_cast<unsigned char>(c) >= 0x20) continue;
    size += c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t' ? 1 : 5;
  }
  return size;
}

std::size_t digits(std::uint64_t number) {
  std::size_t count = 1;
  for (; number >= 10; number /= 10)
    ++count;
  return count;
}

/// Bytes of the compact text of a value that has no parts.
std::size_t scalar_size(const Value& value) {
  if (const std::string* text = value.string()) return escaped_size(*text) + 2;
  if (const std::int64_t* number = value.integer()) {
    const auto bits = static_cast<std::uint64_t>(*number);
    return *number < 0 ? 1 + digits(~bits + 1) : digits(bits);
  }
  if (const std::uint64_t* number = value.unsigned_integer()) return digits(*number);
  if (const bool* truth = value.boolean()) return *truth ? 4 : 5;
  if (value.real() == nullptr) return 4;
  thread_local std::string text;
  text.clear();
  Writer(text).value(value);
  return text.size();
}

std::uint64_t scalar_hash(const Value& value) {
  if (const std::string* text = value.string()) return mix(1, hash_text(*text));
  if (const std::int64_t* number = value.integer()) {
    return mix(2, static_cast<std::uint64_t>(*number));
  }
  if (const std::uint64_t* number = value.unsigned_integer()) return mix(2, *number);
  if (const bool* truth = value.boolean()) return mix(5, *truth ? 1 : 0);
  if (const double* real = value.real()) {
    return mix(6, *real == 0 ? 0 : std::bit_cast<std::uint64_t>(*real));  // 0.0 equals -0.0
  }
  return mix(7, 0);
}

std::size_t text_size(const Value& value) {
  std::size_t size = 2;
  if (const Array* elements = value.array()) {
    for (const Value& element : *elements)
      size += text_size(element) + 1;
  } else if (const Object* members = value.object()) {
    for (const auto& [key, member] : *members)
      size += escaped_size(key) + 3 + text_size(member) + 1;
  } else {
    return scalar_size(value);
  }
  return size > 2 ? size - 1 : size;  // one comma less than parts
}

bool is_container(const Value& value) {
  return value.is_array() || value.is_object();
}

enum class Step : std::uint8_t { keep, change, insert, erase };
using Script = std::vector<Step>;

/// An operation, and what it takes away.
struct Edit {
  Operation operation;
  const Value* before = nullptr;
};
using Edits = std::vector<Edit>;

class Differ {
 public:
  Edits run(const Value& before, const Value& after, const Pointer& at) {
    return difference(before, after, at);
  }

 private:
  Digest digest(const Value& value) {
    if (!is_container(value)) return {scalar_hash(value), scalar_size(value)};
    const auto known = digests_.find(&value);
    if (known != digests_.end()) return known->second;
    Digest result{value.is_array() ? 3U : 4U, 2};
    if (const Array* elements = value.array()) {
      for (const Value& element : *elements)
        add(result, digest(element));
    } else {
      for (const auto& [key, member] : *value.object()) {
        result.hash = mix(result.hash, hash_text(key));
        result.size += escaped_size(key) + 3;
        add(result, digest(member));
      }
    }
    if (result.size > 2) --result.size;  // one comma less than children
    digests_.emplace(&value, result);
    return result;
  }
  static void add(Digest& sum, Digest part) {
    sum.hash = mix(sum.hash, part.hash);
    sum.size += part.size + 1;
  }

  bool same(const Value& before, const Value& after) {
    if (!is_container(before) || !is_container(after)) return before == after;
    return digest(before).hash == digest(after).hash && before == after;
  }

  Edits difference(const Value& before, const Value& after, const Pointer& at) {
    if (same(before, after)) return {};
    Edits edits;
    if (before.is_object() && after.is_object()) {
      edits = object_difference(*before.object(), *after.object(), at);
    } else if (before.is_array() && after.is_array()) {
      edits = array_difference(before, after, at);
    }
    if (edits.empty() || cost(edits) > whole_cost(after, at)) {
      edits = {Edit{{.op = Op::replace, .path = at, .value = after}, &before}};
    }
    return edits;
  }

  Edits object_difference(const Object& before, const Object& after, const Pointer& at) {
    Edits edits;
    auto left = before.begin();
    auto right = after.begin();
    while (left != before.end() || right != after.end()) {
      if (right == after.end() || (left != before.end() && left->first < right->first)) {
        edits.push_back({{.op = Op::remove, .path = at.child(left->first)}, &left->second});
        ++left;
      } else if (left == before.end() || right->first < left->first) {
        edits.push_back({{.op = Op::add, .path = at.child(right->first), .value = right->second}});
        ++right;
      } else {
        if (!same(left->second, right->second)) {
          append(edits, difference(left->second, right->second, at.child(left->first)));
        }
        ++left;
        ++right;
      }
    }
    return edits;
  }

  Edits array_difference(const Value& before, const Value& after, const Pointer& at) {
    const Array& left = *before.array();
    const Array& right = *after.array();
    const auto ends = common_ends(left, right);
    const std::size_t rows = left.size() - ends.first - ends.second;
    const std::size_t columns = right.size() - ends.first - ends.second;
    Script script;
    if (digest(before).size * digest(after).size <= kExactBudget) {
      script = align_exactly(left, right, ends.first, rows, columns);
    } else {
      script = align_by_content(left, right, ends.first, rows, columns);
    }
    return carry_out(script, left, right, ends.first, at);
  }

  /// Lengths of the equal runs at the front and at the back.
  std::pair<std::size_t, std::size_t> common_ends(const Array& left, const Array& right) {
    const std::size_t shorter = std::min(left.size(), right.size());
    std::size_t front = 0;
    while (front < shorter && same(left[front], right[front]))
      ++front;
    std::size_t back = 0;
    while (back < shorter - front &&
           same(left[left.size() - 1 - back], right[right.size() - 1 - back])) {
      ++back;
    }
    return {front, back};
  }

  /// Cheapest script by bytes, by dynamic programming over every pair.
  Script align_exactly(const Array& left,
                       const Array& right,
                       std::size_t from,
                       std::size_t rows,
                       std::size_t columns) {
    const std::size_t width = columns + 1;
    std::vector<std::size_t> best((rows + 1) * width, 0);
    std::vector<Step> how(best.size(), Step::keep);
    for (std::size_t i = 0; i <= rows; ++i) {
      for (std::size_t j = 0; j <= columns; ++j) {
        if (i == 0 && j == 0) continue;
        std::size_t low = SIZE_MAX;
        const auto offer = [&](std::size_t bytes, Step step) {
          if (bytes < low) {
            low = bytes;
            how[i * width + j] = step;
          }
        };
        if (i > 0 && j > 0) {
          const std::size_t change = change_cost(left[from + i - 1], right[from + j - 1]);
          offer(best[(i - 1) * width + j - 1] + change, change == 0 ? Step::keep : Step::change);
        }
        if (i > 0) offer(best[(i - 1) * width + j] + kRemoveCost, Step::erase);
        if (j > 0) {
          offer(best[i * width + j - 1] + kAddCost + digest(right[from + j - 1]).size,
                Step::insert);
        }
        best[i * width + j] = low;
      }
    }
    return walk_back(
        rows, columns, [&](std::size_t i, std::size_t j) { return how[i * width + j]; });
  }

  template <typename How>
  static Script walk_back(std::size_t i, std::size_t j, How how) {
    Script script;
    while (i > 0 || j > 0) {
      const Step step = how(i, j);
      script.push_back(step);
      if (step != Step::insert) --i;
      if (step != Step::erase) --j;
    }
    std::reverse(script.begin(), script.end());
    return script;
  }

  std::size_t change_cost(const Value& before, const Value& after) {
    if (same(before, after)) return 0;
    const std::size_t whole = kReplaceCost + digest(after).size;
    const bool containers =
        (before.is_object() && after.is_object()) || (before.is_array() && after.is_array());
    if (!containers) return whole;
    return std::min(whole, cost(difference(before, after, {})));
  }

  /// Myers' greedy search for the longest common subsequence; by position beyond the cap.
  Script align_by_content(const Array& left,
                          const Array& right,
                          std::size_t from,
                          std::size_t rows,
                          std::size_t columns) {
    using Diagonal = std::ptrdiff_t;
    const auto cap = static_cast<Diagonal>(std::min(rows + columns, kMaxDifferences));
    std::vector<std::vector<std::size_t>> trace;
    std::vector<std::size_t> reach(static_cast<std::size_t>(2 * cap + 3), 0);
    const auto slot = [&](Diagonal k) { return static_cast<std::size_t>(k + cap + 1); };
    for (Diagonal d = 0; d <= cap; ++d) {
      for (Diagonal k = -d; k <= d; k += 2) {
        const bool down = k == -d || (k != d && reach[slot(k - 1)] < reach[slot(k + 1)]);
        std::size_t x = down ? reach[slot(k + 1)] : reach[slot(k - 1)] + 1;
        if (static_cast<Diagonal>(x) < k) x = static_cast<std::size_t>(k);
        std::size_t y = static_cast<std::size_t>(static_cast<Diagonal>(x) - k);
        while (x < rows && y < columns && same(left[from + x], right[from + y]))
          ++x, ++y;
        reach[slot(k)] = x;
        if (x < rows || y < columns) continue;
        if (x > rows || y > columns) continue;
        trace.push_back(reach);
        return myers_script(trace, rows, columns, slot);
      }
      trace.push_back(reach);
    }
    return by_position(rows, columns);
  }

  template <typename Slot>
  static Script myers_script(const std::vector<std::vector<std::size_t>>& trace,
                             std::size_t rows,
                             std::size_t columns,
                             Slot slot) {
    Script script;
    auto x = static_cast<std::ptrdiff_t>(rows);
    auto y = static_cast<std::ptrdiff_t>(columns);
    for (auto d = static_cast<std::ptrdiff_t>(trace.size()) - 1; d >= 0; --d) {
      std::ptrdiff_t start_x = 0;
      std::ptrdiff_t start_y = 0;
      bool down = false;
      if (d > 0) {
        const auto& reach = trace[static_cast<std::size_t>(d - 1)];
        const std::ptrdiff_t k = x - y;
        down = k == -d || (k != d && reach[slot(k - 1)] < reach[slot(k + 1)]);
        const std::ptrdiff_t before = down ? k + 1 : k - 1;
        start_x = static_cast<std::ptrdiff_t>(reach[slot(before)]);
        start_y = start_x - before;
      }
      const std::ptrdiff_t snake_x = d == 0 ? 0 : (down ? start_x : start_x + 1);
      while (x > snake_x) {
        script.push_back(Step::keep);
        --x;
        --y;
      }
      if (d == 0) break;
      script.push_back(down ? Step::insert : Step::erase);
      x = start_x;
      y = start_y;
    }
    std::reverse(script.begin(), script.end());
    return pair_up(script);
  }

  static Script by_position(std::size_t rows, std::size_t columns) {
    Script script(std::min(rows, columns), Step::change);
    script.resize(std::max(rows, columns), rows > columns ? Step::erase : Step::insert);
    return script;
  }

  /// Turns neighbouring erasures and insertions into changes in place.
  static Script pair_up(const Script& script) {
    Script result;
    for (std::size_t i = 0; i < script.size();) {
      std::size_t erased = 0;
      std::size_t inserted = 0;
      for (; i < script.size() && script[i] != Step::keep; ++i)
        ++(script[i] == Step::erase ? erased : inserted);
      const Script run = by_position(erased, inserted);
      result.insert(result.end(), run.begin(), run.end());
      for (; i < script.size() && script[i] == Step::keep; ++i)
        result.push_back(Step::keep);
    }
    return result;
  }

  Edits carry_out(const Script& script,
                  const Array& left,
                  const Array& right,
                  std::size_t from,
                  const Pointer& at) {
    Edits edits;
    std::size_t l = from;
    std::size_t r = from;
    for (const Step step : script) {
      switch (step) {
        case Step::keep:
          break;
        case Step::change:
          append(edits, difference(left[l], right[r], at.child(r)));
          break;
        case Step::insert:
          edits.push_back(
              {{.op = Op::add, .path = at.child(r), .value = right[r], .shifts = true}});
          break;
        case Step::erase:
          edits.push_back({{.op = Op::remove, .path = at.child(r), .shifts = true}, &left[l]});
      }
      if (step != Step::insert) ++l;
      if (step != Step::erase) ++r;
    }
    return edits;
  }

  /// Bytes with one comma per operation, as in a patch that holds more.
  std::size_t cost(const Edits& edits) {
    std::size_t bytes = 0;
    for (const auto& [operation, before] : edits) {
      bytes += escaped_size(operation.path.text());
      if (operation.op == Op::remove) {
        bytes += kRemoveCost;
      } else {
        bytes += operation.op == Op::add ? kAddCost : kReplaceCost;
        bytes += text_size(operation.value);
      }
    }
    return bytes;
  }
  std::size_t whole_cost(const Value& after, const Pointer& at) {
    return kReplaceCost + escaped_size(at.text()) + digest(after).size;
  }

  static void append(Edits& edits, Edits more) {
    edits.insert(
        edits.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }

  std::unordered_map<const Value*, Digest> digests_;
};

}  // namespace

Patch diff(const Value& before,
           const Value& after,
           const Pointer& at,
           std::vector<const Value*>& taken) {
  Patch patch;
  Edits edits = Differ().run(before, after, at);
  patch.reserve(edits.size());
  for (auto& [operation, place] : edits) {
    patch.push_back(std::move(operation));
    if (place != nullptr) taken.push_back(place);
  }
  return patch;
}

Patch diff(const Value& before, const Value& after, const Pointer& at) {
  std::vector<const Value*> taken;
  return diff(before, after, at, taken);
}

}  // namespace engine::json
