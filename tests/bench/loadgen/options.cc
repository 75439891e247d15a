#include "options.hh"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>

namespace loadgen {

Options parse_options(int argc, char** argv) {
  Options o;
  CLI::App app(
      "Closed- and open-loop load for servers on this machine; one JSON object on standard "
      "output.\n@SEQ@ in the body becomes the request's id (10 digits), @CONN@ the number of its "
      "connection (4 digits).");
  auto* endpoint = app.add_option_group("endpoint");
  endpoint->add_option("--socket", o.socket, "Unix stream socket");
  endpoint->add_option("--tcp", o.tcp, "HOST:PORT, numeric IPv4");
  endpoint->require_option(1);
  app.add_option("--proto", o.protocol, "ndjson, http, ws or raw (echo of --size bytes)")
      ->check(CLI::IsMember({"ndjson", "http", "ws", "raw"}));
  app.add_option("--connections", o.connections, "connections")->check(CLI::Range(1, 9999));
  app.add_option("--depth", o.depth, "requests in flight on each")->check(CLI::Range(1, 65536));
  app.add_option("--threads", o.threads, "threads of the client")->check(CLI::Range(1, 64));
  app.add_option("--seconds", o.seconds, "measured time");
  app.add_option("--warmup", o.warmup, "seconds before it");
  app.add_option(
      "--rate", o.rate, "requests a second at fixed times; latency counts from when one was due");
  app.add_option("--method", o.method, "JSON-RPC method");
  app.add_option("--params", o.params, "its parameters");
  app.add_option("--body", o.body, "the whole message instead");
  app.add_option("--expect", o.expect, "text that a good answer holds");
  app.add_option("--path", o.path, "path of the URL (http, ws)");
  app.add_option("--header", o.headers, "header line (http, ws)");
  app.add_option("--size", o.size, "bytes of a raw message")->check(CLI::Range(1, 1 << 20));
  app.add_option("--server-pid", o.server, "process whose CPU time is told per request");
  app.add_flag("!--no-reconnect", o.reconnect, "end when the server closes a connection");
  app.add_flag("--print-first", o.print_first, "show the first answer");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stop) {
    std::exit(app.exit(stop) == 0 ? 0 : 2);
  }
  o.threads = std::min(o.threads, o.connections);
  return o;
}

void die(const std::string& why) {
  std::fprintf(stderr, "loadgen: %s\n", why.c_str());
  std::exit(2);
}

}  // namespace loadgen
