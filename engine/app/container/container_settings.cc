#include "app/container/container_settings.hh"

#include <charconv>
#include <map>
#include <string>
#include <string_view>

namespace engine::app {

Result<ContainerSettings> parse_container_settings(int argc, char** argv) {
  ContainerSettings settings;
  const std::map<std::string_view, std::filesystem::path*> paths = {
      {"--scripts", &settings.scripts},
      {"--package", &settings.package},
      {"--media", &settings.media},
      {"--cgroups", &settings.cgroups}};
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 >= argc) return fail(Errc::usage, std::string(name) + " needs a value");
    const std::string_view value = argv[i + 1];
    if (const auto path = paths.find(name); path != paths.end()) {
      *path->second = value;
    } else if (name == "--memory-limit") {
      const auto parsed =
          std::from_chars(value.data(), value.data() + value.size(), settings.memory_limit);
      if (parsed.ec != std::errc{}) return fail(Errc::usage, "--memory-limit takes bytes");
    } else {
      return fail(Errc::usage, "unknown argument " + std::string(name));
    }
  }
  return settings;
}

}  // namespace engine::app
