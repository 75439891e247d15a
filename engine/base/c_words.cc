#include "base/c_words.hh"

namespace engine {

std::vector<char*> c_words(std::span<const std::string> words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (const std::string& word : words)
    out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace engine
