// Figures of the store, each beside a baseline of the same run. Ratios matter, digits do not.
//   store_bench [--dir DIR] [--seconds S] [--only ROW]
// Each line of the output: name, our figure, the baseline's figure (0 if there is none).
#include "bench.hh"
#include <stdlib.h>

#include <array>
#include <string>
#include <utility>

int main(int argc, char** argv) {
  using Row = std::pair<std::string_view, void (*)(bench::Directory)>;
  constexpr std::array<Row, 10> kRows = {{{"flush", bench::flush_time},
                                          {"single", bench::single_writer},
                                          {"many", bench::many_writers},
                                          {"ticks", bench::ticks},
                                          {"sizes", bench::sizes},
                                          {"reading", bench::reading},
                                          {"opening", bench::opening},
                                          {"memory", bench::memory},
                                          {"diffing", bench::diffing},
                                          {"following", bench::following}}};
  std::string base = "/var/tmp";
  std::string only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--dir") base = argv[i + 1];
    if (option == "--only") only = argv[i + 1];
    if (option == "--seconds") bench::seconds_per_row = std::atof(argv[i + 1]);
  }
  std::string name = base + "/store_bench.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return 1;
  const std::filesystem::path dir = name;
  // `only` may name several rows, so that they share the big document.
  for (const auto& [row, run] : kRows)
    if (only.empty() || ("," + only + ",").find("," + std::string(row) + ",") != std::string::npos)
      run(dir);
  std::filesystem::remove_all(dir);
  return 0;
}
