#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace loadgen {

/// What is asked of the generator; see `--help`. Value type.
struct Options {
  std::string protocol = "ndjson";
  std::string socket;
  std::string tcp;  ///< HOST:PORT, numeric IPv4
  std::string body;
  std::string method = "echo";
  std::string params = R"({"message":"hello"})";
  std::string expect;
  std::string path = "/";
  std::vector<std::string> headers;
  int connections = 1;
  int depth = 1;
  int threads = 1;
  std::size_t size = 64;
  double seconds = 5;
  double warmup = 0.5;
  double rate = 0;
  pid_t server = 0;  ///< its CPU time is taken over the measured seconds; 0: nobody's
  bool reconnect = true;
  bool print_first = false;
};

/// Reads the command line; leaves the program on --help and on nonsense.
Options parse_options(int argc, char** argv);

[[noreturn]] void die(const std::string& why);

}  // namespace loadgen
