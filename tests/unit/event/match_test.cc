// Filters against a matcher that follows the words of the specification and nothing else.
#include "event/filter.hh"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <sstream>

using engine::event::Event;
using engine::event::Filter;
using Names = std::vector<std::string>;

namespace {

Names split(const std::string& text, char by) {
  Names parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);)
    parts.push_back(part);
  return parts;
}

bool begins_with(const Names& whole, const Names& head) {
  return head.size() <= whole.size() && std::equal(head.begin(), head.end(), whole.begin());
}

bool one_of(const Names& wanted, const std::string& value) {
  if (wanted.empty()) return true;
  return !value.empty() && std::count(wanted.begin(), wanted.end(), value) > 0;
}

bool naive(const Filter& filter, const Event& event) {
  if (event.level < filter.level) return false;
  bool type = filter.types.empty();
  for (const std::string& wanted : filter.types) {
    const bool open = !wanted.empty() && wanted.back() == '*';
    const std::string head = open ? wanted.substr(0, wanted.size() - 1) : wanted;
    type = type || (open ? event.type.compare(0, head.size(), head) == 0 : event.type == wanted);
  }
  bool target = filter.targets.empty();
  for (const std::string& wanted : filter.targets)
    target = target ||
             (!event.target.empty() && begins_with(split(event.target, '.'), split(wanted, '.')));
  bool path = filter.path_scope.empty() || (filter.path_lenient && event.paths.empty());
  for (const std::string& each : event.paths) {
    const Names parts = split(each, '/');
    const Names scope = split(filter.path_scope, '/');
    path = path || (begins_with(parts, scope) &&
                    (filter.include_descendants || parts.size() <= scope.size() + 1));
  }
  return type && target && path && one_of(filter.resource_types, event.resource_type) &&
         one_of(filter.resource_ids, event.resource_id) && one_of(filter.jobs, event.job) &&
         one_of(filter.packages, event.package);
}

class Maker {
 public:
  std::size_t below(std::size_t most) { return random_() % most; }
  std::string pick(const Names& from) { return from[below(from.size())]; }
  Names some(const Names& from) {
    Names list(below(3));
    for (std::string& each : list)
      each = pick(from);
    return list;
  }
  engine::log::Level level() { return static_cast<engine::log::Level>(below(5)); }

  Filter filter() {
    Filter made{.types = some({"job", "job*", "script.*", "script.reloaded", "log", "*"}),
                .targets = some({"service", "service.a", "store", "serv"}),
                .resource_types = some({"notification", "job"}),
                .resource_ids = some({"1", "2"}),
                .jobs = some({"j1", "j2"}),
                .packages = some({"a", "b"})};
    if (below(2) == 0) made.level = level();
    if (below(2) == 0) made.path_scope = pick({"/a", "/a/b", "/a/b/c", "/b"});
    made.include_descendants = below(2) == 0;
    made.path_lenient = below(2) == 0;
    // Most filters ask for little, or nothing would match.
    for (Names* list : {&made.resource_types, &made.resource_ids, &made.jobs, &made.packages}) {
      if (below(3) > 0) list->clear();
    }
    return made;
  }
  Event event() {
    Event made{.type = pick({"job", "jobs", "script.reloaded", "script.refused", "log"}),
               .level = level(),
               .target = pick({"", "service", "service.a", "service.a.b", "services", "store"}),
               .resource_type = pick({"", "notification", "job"}),
               .resource_id = pick({"", "1", "2", "3"}),
               .job = pick({"", "j1", "j2"}),
               .package = pick({"", "a", "b", "ab"})};
    made.paths = some({"/a", "/a/b", "/a/bc", "/a/b/c/d", "/b", "/c"});
    return made;
  }

 private:
  std::mt19937 random_{20'261'121};
};

}  // namespace

TEST_CASE("event/filter: says what the naive matcher says, 200 000 times") {
  Maker make;
  std::size_t matched = 0;
  for (int round = 0; round < 200'000; ++round) {
    const Filter filter = make.filter();
    const Event event = make.event();
    const bool wanted = naive(filter, event);
    if (wanted) ++matched;
    if (filter.matches(event) != wanted) {
      INFO(filter.canonical() << " on " << event.type << ' ' << event.target);
      REQUIRE(filter.matches(event) == wanted);
    }
  }
  CHECK(matched > 5'000);
  CHECK(matched < 150'000);
}
