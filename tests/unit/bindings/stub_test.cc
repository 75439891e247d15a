#include "base/file.hh"

#include "core_fixture.hh"

#include <regex>
#include <set>

namespace engine::bindings {
namespace {

using Names = std::set<std::string>;

/// What the stub documents: "function json.encode(" and "json.null =".
Names stub_names(const std::string& module) {
  const std::string text =
      read_file(std::string(MOONBOX_SOURCE_DIR) + "/bindings/meta/" + module + ".lua").value();
  Names names;
  const std::regex pattern("(?:^|\n)(?:function )?" + module + R"(\.(\w+)(?:\(| = nil))");
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
    names.insert((*at)[1]);
  return names;
}

Names module_names(CoreFixture& lua, const std::string& module) {
  Names names;
  const Result<std::string> list =
      lua.call("local names = {} for name in pairs(require('engine." + module +
               "')) do names[#names + 1] = name end return require('engine.json').array(names)");
  const json::Value parsed = json::parse(list.value()).value();
  for (const json::Value& name : *parsed.array())
    names.insert(*name.string());
  return names;
}

}  // namespace

TEST_CASE("bindings: every function is documented by its stub, and the other way round",
          "[bindings]") {
  CoreFixture lua;
  for (const script::Module& row : kCoreModules) {
    const std::string module = std::string(row.name).substr(std::string("engine.").size());
    INFO(module);
    CHECK(module_names(lua, module) == stub_names(module));
  }
}

}  // namespace engine::bindings
