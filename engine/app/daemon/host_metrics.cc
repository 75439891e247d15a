#include "app/daemon/host_metrics.hh"

#include "app/daemon/metrics.hh"

#include <fmt/format.h>
#include <malloc.h>

#include <map>

namespace engine::app {
namespace {

/// A metric without labels.
void put_one(std::string& out,
             std::string_view name,
             std::string_view type,
             std::string_view help,
             std::uint64_t value) {
  begin_metric(out, name, type, help);
  put_metric(out, name, {}, static_cast<double>(value));
}

}  // namespace

void write_process_metrics(std::string& out) {
  const auto memory = ::mallinfo2();
  put_one(out,
          "moonbox_allocated_bytes",
          "gauge",
          "Memory in use without the heaps of scripts.",
          memory.uordblks + memory.hblkhd);
}

void write_script_metrics(std::string& out,
                          std::span<const ScriptLoop* const> loops,
                          const Scripts& scripts) {
  put_one(out,
          "moonbox_script_generations",
          "gauge",
          "Generations in memory: those kept for a rollback, and those with calls under way.",
          scripts.held());
  begin_metric(out, "moonbox_vm_heap_bytes", "gauge", "Lua heap after the VM's last call.");
  for (const ScriptLoop* each : loops)
    put_metric(out,
               "moonbox_vm_heap_bytes",
               fmt::format("vm=\"{}\"", label_value(each->name())),
               static_cast<double>(each->heap_bytes()));
  begin_metric(out, "moonbox_vm_tasks", "gauge", "Calls under way that have yielded or wait.");
  for (const ScriptLoop* each : loops)
    put_metric(out,
               "moonbox_vm_tasks",
               fmt::format("vm=\"{}\"", label_value(each->name())),
               static_cast<double>(each->under_way()));
  begin_metric(out, "moonbox_vm_reloads_total", "counter", "VMs that followed the first one.");
  for (const ScriptLoop* each : loops)
    put_metric(out,
               "moonbox_vm_reloads_total",
               fmt::format("vm=\"{}\"", label_value(each->name())),
               static_cast<double>(each->reloads()));
  const Scripts::Counts& counts = scripts.counts();
  begin_metric(out, "moonbox_script_loads_total", "counter", "Loads of scripts, by outcome.");
  put_metric(out,
             "moonbox_script_loads_total",
             "outcome=\"reloaded\"",
             static_cast<double>(counts.reloads));
  put_metric(out,
             "moonbox_script_loads_total",
             "outcome=\"unchanged\"",
             static_cast<double>(counts.unchanged));
  put_metric(out,
             "moonbox_script_loads_total",
             "outcome=\"refused\"",
             static_cast<double>(counts.refused));
  put_metric(out,
             "moonbox_script_loads_total",
             "outcome=\"rolled_back\"",
             static_cast<double>(counts.rollbacks));
}

void write_store_metrics(std::string& out, const store::StoreStats& stats) {
  put_one(out,
          "moonbox_store_commits_total",
          "counter",
          "Groups of changes flushed together.",
          stats.commits.transactions);
  put_one(out,
          "moonbox_store_revisions_total",
          "counter",
          "Revisions written.",
          stats.commits.revisions);
  put_one(out,
          "moonbox_store_conflicts_total",
          "counter",
          "Changes made again because another came first.",
          stats.commits.conflicts);
  put_one(out,
          "moonbox_store_queue",
          "gauge",
          "Changes that wait to be committed.",
          stats.commits.queued);
  put_one(out, "moonbox_store_bytes", "gauge", "Size of the store's file.", stats.file_bytes);
}

void write_connection_metrics(std::string& out, std::span<const net::ConnectionInfo> connections) {
  std::map<std::string, std::size_t> by_transport;
  for (const auto& each : connections)
    ++by_transport[each.transport];
  begin_metric(out, "moonbox_connections", "gauge", "Open connections, by transport.");
  for (const auto& [transport, count] : by_transport)
    put_metric(out,
               "moonbox_connections",
               fmt::format("transport=\"{}\"", label_value(transport)),
               static_cast<double>(count));
}

}  // namespace engine::app
