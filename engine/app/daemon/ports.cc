#include "app/daemon/ports.hh"

#include "crypto/x509.hh"

#include <sys/stat.h>

#include <cerrno>

namespace engine::app {
namespace {

Result<> open_all(Doors& doors,
                  PortKind kind,
                  const std::vector<std::string>& addresses,
                  const std::shared_ptr<http::TlsContext>& tls) {
  for (const std::string& text : addresses) {
    TRY_ASSIGN(const net::ListenAddress address, net::parse_listen_address(text));
    TRY(doors.open_port(kind, address, tls));
  }
  return {};
}

}  // namespace

Result<> open_ports(Doors& doors, const Settings& settings, const std::filesystem::path& tls) {
  TRY(open_all(doors, PortKind::http, settings.http, nullptr));
  if (settings.https.empty() && settings.tls_lines.empty()) return {};
  if (::mkdir(tls.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno("creating " + tls.string());
  }
  TRY_ASSIGN(const crypto::Identity identity, crypto::load_or_make_identity(tls));
  TRY_ASSIGN(const auto for_http, http::TlsContext::make(identity, true));
  TRY(open_all(doors, PortKind::https, settings.https, for_http));
  TRY_ASSIGN(const auto for_lines, http::TlsContext::make(identity, false));
  return open_all(doors, PortKind::tls_lines, settings.tls_lines, for_lines);
}

json::Value limits_to_json(const WireLimits& limits) {
  json::Value value;
  value["message"] = std::uint64_t{limits.message};
  value["nesting"] = std::uint64_t{limits.nesting};
  value["batch"] = std::uint64_t{limits.batch};
  value["batchAnswer"] = std::uint64_t{limits.batch_answer};
  value["waiting"] = std::uint64_t{limits.waiting};
  value["inFlight"] = std::uint64_t{limits.in_flight};
  value["header"] = std::uint64_t{limits.header};
  value["connections"] = std::uint64_t{limits.connections};
  value["remoteConnections"] = std::uint64_t{limits.remote_connections};
  value["perAddress"] = std::uint64_t{limits.per_address};
  value["idle"] = limits.idle;
  value["keepAlive"] = limits.keep_alive;
  value["handshake"] = limits.handshake;
  value["stalled"] = limits.stalled;
  value["minRate"] = std::uint64_t{limits.min_rate};
  value["stranger"] = limits.stranger;
  value["push"] = limits.push;
  return value;
}

}  // namespace engine::app
