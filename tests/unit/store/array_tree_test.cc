#include "store/array_tree.hh"

#include "support/random_json.hh"
#include "unit/store/temp_store.hh"

#include <algorithm>

using namespace engine::store;
using engine::test::must;

namespace {

std::vector<std::uint64_t> all(const ArrayTree& tree) {
  std::vector<std::uint64_t> numbers;
  must(tree.each([&](std::uint64_t number) -> engine::Result<> {
    numbers.push_back(number);
    return {};
  }));
  return numbers;
}

}  // namespace

TEST_CASE("store/array tree: behaves like a vector of numbers", "[store]") {
  engine::test::TempDir dir;
  const auto env = must(Env::open(dir.path(), {}));
  const auto txn = must(env->write());
  engine::test::RandomJson random(3);
  for (const std::size_t start : {0UL, 1UL, 90UL, 91UL, 5000UL}) {
    must(ArrayTree::create(txn.txn(), start + 1, start));
    ArrayTree tree = must(ArrayTree::open(txn.txn(), start + 1));
    std::vector<std::uint64_t> model(start);
    for (std::size_t i = 0; i < start; ++i)
      model[i] = i;
    for (int step = 0; step < 3000; ++step) {
      const bool grow = step < 1500 ? random.below(3) > 0 : random.below(3) == 0;
      if (grow || model.empty()) {
        const std::size_t index = random.below(model.size() + 1);
        const auto number = must(tree.insert(index));
        REQUIRE(std::find(model.begin(), model.end(), number) == model.end());
        model.insert(model.begin() + static_cast<std::ptrdiff_t>(index), number);
      } else {
        const std::size_t index = random.below(model.size());
        REQUIRE(must(tree.remove(index)) == model[index]);
        model.erase(model.begin() + static_cast<std::ptrdiff_t>(index));
      }
      REQUIRE(tree.size() == model.size());
      if (model.empty()) continue;
      const std::size_t probe = random.below(model.size());
      REQUIRE(must(tree.at(probe)) == model[probe]);
    }
    REQUIRE(all(must(ArrayTree::open(txn.txn(), start + 1))) == model);
    while (!model.empty()) {
      must(tree.remove(model.size() - 1));
      model.pop_back();
    }
    REQUIRE(all(tree).empty());
    must(tree.insert(0));
    REQUIRE(all(tree).size() == 1);
  }
}
