#include "store/edits.hh"

#include "support/random_json.hh"
#include <catch2/catch.hpp>

#include <map>
#include <string>

using namespace engine::store;

namespace {

using Model = std::map<std::string, NodePtr>;

void check_equal(const MemberEdits& edits, const Model& model) {
  auto expected = model.begin();
  const auto all = edits.each([&](const std::string& name, const NodePtr& node) {
    REQUIRE(expected != model.end());
    REQUIRE(name == expected->first);
    REQUIRE(node == (expected++)->second);
    return engine::Result<>();
  });
  REQUIRE(all.has_value());
  REQUIRE(expected == model.end());
}

}  // namespace

TEST_CASE("store/edits: a copy of many members is not changed with what it was copied from",
          "[store]") {
  engine::test::RandomJson random(5);
  Model model;
  auto edits = std::make_unique<MemberEdits>();
  for (int round = 0; round < 20; ++round) {
    auto copy = std::make_unique<MemberEdits>(*edits);
    const Model before = model;
    for (int step = 0; step < 60; ++step) {
      const std::string name = "m" + std::to_string(random.below(500));
      const NodePtr node = random.below(5) == 0 ? nullptr : std::make_shared<Node>();
      copy->set(name, node);
      model[name] = node;
      const NodePtr* found = copy->find(name);
      REQUIRE(found != nullptr);
      REQUIRE(*found == node);
    }
    check_equal(*copy, model);
    check_equal(*edits, before);
    for (int i = 0; i < 500; ++i) {
      const std::string name = "m" + std::to_string(i);
      REQUIRE((copy->find(name) != nullptr) == model.contains(name));
    }
    edits = std::move(copy);
  }
}
