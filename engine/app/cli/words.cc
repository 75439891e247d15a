#include "cli/words.hh"

#include <algorithm>

namespace engine::cli {

std::string Words::operator()(const std::string& name) const {
  const auto found = labels_.find(name);
  return found == labels_.end() ? name : found->second;
}

std::string Words::say(const std::string& name, Arguments arguments) const {
  const std::string text = (*this)(name);
  std::string out;
  std::size_t at = 0;
  while (true) {
    const auto open = text.find("%{", at);
    const auto close = open == std::string::npos ? open : text.find('}', open);
    if (close == std::string::npos) return out.append(text, at);
    out.append(text, at, open - at);
    const std::string_view key = std::string_view(text).substr(open + 2, close - open - 2);
    const auto* given =
        std::ranges::find(arguments, key, &std::pair<std::string_view, std::string_view>::first);
    out += given == arguments.end() ? std::string_view(text).substr(open, close + 1 - open)
                                    : given->second;
    at = close + 1;
  }
}

}  // namespace engine::cli
