#pragma once

#include "app/daemon/door.hh"
#include "app/daemon/settings.hh"

#include <filesystem>

namespace engine::app {

/// Opens every TCP port the settings name; the certificate of TLS is kept in `tls`, made there when
/// it is needed for the first time. On the control loop.
///
/// ERRORS: Errc::usage (an address), Errc::cannot_bind, Errc::pem and others of the certificate.
Result<> open_ports(Doors& doors, const Settings& settings, const std::filesystem::path& tls);

/// The limits as `server.info` shows them.
json::Value limits_to_json(const WireLimits& limits);

}  // namespace engine::app
