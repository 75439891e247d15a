#pragma once

#include "app/daemon/scripts.hh"
#include "net/connection_table.hh"
#include "store/store.hh"

#include <span>
#include <string>

namespace engine::app {

/// The counters that are not about calls, in the text format of Prometheus.
void write_process_metrics(std::string& out);
void write_script_metrics(std::string& out,
                          std::span<const ScriptLoop* const> loops,
                          const Scripts& scripts);
void write_store_metrics(std::string& out, const store::StoreStats& stats);
void write_connection_metrics(std::string& out, std::span<const net::ConnectionInfo> connections);

}  // namespace engine::app
