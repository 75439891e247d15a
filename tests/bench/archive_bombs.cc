// Writes every archive bomb into a folder, each under its name.
//   archive_bombs FOLDER
#include "support/archive_bombs.hh"

#include <cstdio>
#include <filesystem>
#include <fstream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: archive_bombs FOLDER\n");
    return 2;
  }
  for (const auto& bomb : engine::test::archive_bombs()) {
    std::ofstream out(std::filesystem::path(argv[1]) / (bomb.name + ".s9pk"), std::ios::binary);
    out << engine::as_text(bomb.bytes);
    if (!out) return 1;
  }
  return 0;
}
