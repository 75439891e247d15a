#include "json/diff.hh"
#include "json/scope.hh"
#include "json/writer.hh"

#include "support/random_json.hh"
#include <catch2/catch.hpp>
#include <rapidcheck.h>
#include <rapidcheck/detail/TestListenerAdapter.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <ostream>
#include <thread>

using namespace engine::json;

namespace {

/// A document and another that was edited from it, or has nothing to do with it.
struct Pair {
  Value before;
  Value after;
};

/// A document, a change of it and a place somebody follows.
struct Followed {
  Pair pair;
  Pointer scope;
};

std::ostream& operator<<(std::ostream& out, const Pair& pair) {
  return out << write(pair.before) << "\n  -> " << write(pair.after);
}
std::ostream& operator<<(std::ostream& out, const Followed& followed) {
  return out << followed.pair << "\n  at " << quote(followed.scope.text());
}

/// Values with a little less in them.
std::vector<Value> smaller(const Value& value) {
  std::vector<Value> found;
  if (const Array* elements = value.array()) {
    for (std::size_t i = 0; i < elements->size(); ++i) {
      Array fewer = *elements;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      found.emplace_back(std::move(fewer));
      for (Value& element : smaller((*elements)[i])) {
        Array simpler = *elements;
        simpler[i] = std::move(element);
        found.emplace_back(std::move(simpler));
      }
    }
  } else if (const Object* members = value.object()) {
    for (const auto& [name, member] : *members) {
      Object fewer = *members;
      fewer.erase(name);
      found.emplace_back(std::move(fewer));
      for (Value& inner : smaller(member)) {
        Object simpler = *members;
        simpler[name] = std::move(inner);
        found.emplace_back(std::move(simpler));
      }
    }
  } else if (const std::string* text = value.string(); text != nullptr && text->size() > 1) {
    found.emplace_back(0);
  }
  return found;
}

std::vector<Pair> smaller(const Pair& pair) {
  std::vector<Pair> found;
  for (Value& value : smaller(pair.before))
    found.push_back({std::move(value), pair.after});
  for (Value& value : smaller(pair.after))
    found.push_back({pair.before, std::move(value)});
  return found;
}

std::vector<Followed> smaller(const Followed& followed) {
  std::vector<Followed> found;
  for (Pair& pair : smaller(followed.pair))
    found.push_back({std::move(pair), followed.scope});
  return found;
}

/// A generator of what `make` makes of a seeded source, which shrinks by `smaller`.
template <typename T>
rc::Gen<T> seeded(T (*make)(engine::test::RandomJson&)) {
  return [make](const rc::Random& random, int) {
    rc::Random stream = random;
    engine::test::RandomJson source(stream.next());
    return rc::shrinkable::shrinkRecur(
        make(source), [](const T& value) { return rc::seq::fromContainer(smaller(value)); });
  };
}

Pair make_pair(engine::test::RandomJson& random) {
  Value before = random.value(3, 5);
  Value after = random.below(8) == 0 ? random.value(3, 5) : random.edit(before, 2);
  return {std::move(before), std::move(after)};
}

/// A pointer into `value`, sometimes past it.
Pointer make_pointer(engine::test::RandomJson& random, const Value& value) {
  Pointer pointer;
  const Value* here = &value;
  while (here != nullptr && random.below(4) != 0) {
    if (here->array() != nullptr) {
      pointer = pointer.child(random.below(here->array()->size() + 1));
    } else if (here->object() != nullptr && !here->object()->empty() && random.below(8) != 0) {
      auto member = here->object()->begin();
      std::advance(member, random.below(here->object()->size()));
      pointer = pointer.child(member->first);
    } else {
      pointer = pointer.child(random.key());
    }
    here = *resolve(value, pointer);
  }
  return pointer;
}

Followed make_followed(engine::test::RandomJson& random) {
  Followed followed{make_pair(random), {}};
  followed.scope = make_pointer(random, followed.pair.before);
  return followed;
}

void diff_laws(const Pair& pair) {
  const Patch patch = diff(pair.before, pair.after);
  Value value = pair.before;
  RC_ASSERT(apply_patch(value, patch).has_value());
  RC_ASSERT(value == pair.after);
  RC_ASSERT(diff(pair.before, pair.after) == patch);
  RC_ASSERT(diff(pair.after, pair.after).empty());
  RC_ASSERT(patch.empty() == (pair.before == pair.after));
  if (patch.empty()) return;
  const Patch whole{{.op = Op::replace, .value = pair.after}};
  RC_ASSERT(write(patch).size() <= write(whole).size());
  for (const Operation& operation : patch)
    RC_ASSERT(operation.op == Op::add || operation.op == Op::remove || operation.op == Op::replace);
}

const Value* found_at(const Value& document, const Pointer& scope) {
  const auto found = resolve(document, scope);
  return found ? *found : nullptr;
}

/// The operations of `patch` at and below `scope`, as seen from there.
Patch filtered(const Patch& patch, const Pointer& scope) {
  Patch inside;
  for (const Operation& operation : patch) {
    if (!operation.path.starts_with(scope)) continue;
    inside.push_back(operation);
    inside.back().path = operation.path.without_front(scope.depth());
  }
  return inside;
}

void scope_laws(const Followed& followed) {
  const Patch patch = diff(followed.pair.before, followed.pair.after);
  const Value* before = found_at(followed.pair.before, followed.scope);
  const Value* after = found_at(followed.pair.after, followed.scope);
  const Patch told = scoped(patch, followed.scope, before, after);
  Value copy = before == nullptr ? Value() : *before;
  RC_ASSERT(apply_patch(copy, told).has_value());
  RC_ASSERT(copy == (after == nullptr ? Value() : *after));
  if (!disturbs(patch, followed.scope)) RC_ASSERT(told == filtered(patch, followed.scope));
}

/// How many cases to try; a sanitizer makes each ten times as long.
int cases(int wanted) {
  if (const char* asked = std::getenv("MOONBOX_PROPERTY_CASES")) return std::atoi(asked);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return wanted / 50;
#else
  return wanted;
#endif
}

/// Tries `law` on `count` values, each processor on its share, from one seed.
template <typename T>
void holds(std::uint64_t seed,
           int count,
           T (*make)(engine::test::RandomJson&),
           void (*law)(const T&)) {
  const unsigned shares = std::max(std::thread::hardware_concurrency(), 1U);
  std::vector<pid_t> children;
  for (unsigned share = 0; share < shares; ++share) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      // rapidcheck says on the way which seed this names.
      ::setenv("RC_PARAMS", ("seed=" + std::to_string(seed + share)).c_str(), 1);
      rc::detail::TestParams params;
      params.seed = seed + share;
      params.maxSuccess = count / static_cast<int>(shares) + 1;
      rc::detail::TestListenerAdapter quiet;
      const auto result = rc::detail::checkTestable(
          [&] { law(*seeded(make)); }, rc::detail::TestMetadata{}, params, quiet);
      const bool good = result.template is<rc::detail::SuccessResult>();
      if (!good) rc::detail::printResultMessage(result, std::cerr);
      std::cerr << std::flush;
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
}

}  // namespace

TEST_CASE("json laws: a difference turns one document into the other, a million times", "[laws]") {
  holds<Pair>(20261121, cases(1'000'000), make_pair, diff_laws);
}

TEST_CASE("json laws: what a scope is told is what happened there", "[laws]") {
  holds<Followed>(4711, cases(200'000), make_followed, scope_laws);
}
