#include "base/function_ref.hh"

#include <catch2/catch.hpp>

#include <memory>

using namespace engine;

namespace {

int apply(FunctionRef<int(std::unique_ptr<int>)> function) {
  return function ? function(std::make_unique<int>(20)) : -1;
}

}  // namespace

TEST_CASE("base/function_ref: calls what belongs to somebody else", "[base]") {
  int calls = 0;
  const auto counting = [&calls](const std::unique_ptr<int>& value) { return *value + ++calls; };
  CHECK(apply(counting) == 21);
  CHECK(apply(counting) == 22);
  CHECK(apply([calls](const std::unique_ptr<int>& value) mutable { return *value + ++calls; }) ==
        23);
  CHECK(calls == 2);
  CHECK(apply({}) == -1);
}
