#include "base/errc.hh"

#include <algorithm>
#include <array>

namespace engine {
namespace {

using enum Errc;

// One row a line.
// clang-format off
constexpr std::array kTable = {
    ErrcInfo{parse_error, "parse_error", -32700, FiveCode::invalid_state, 1, "error.parse-error", "Parse error"},
    ErrcInfo{invalid_request, "invalid_request", -32600, FiveCode::invalid_state, 1, "error.invalid-request", "Invalid Request"},
    ErrcInfo{request_too_large, "request_too_large", -32600, FiveCode::invalid_state, 1, "error.request-too-large", "Invalid Request"},
    ErrcInfo{method_not_found, "method_not_found", -32601, FiveCode::not_found, 9, "error.method-not-found", "Method not found"},
    ErrcInfo{invalid_params, "invalid_params", -32602, FiveCode::invalid_state, 2, "error.invalid-params", "Invalid params"},
    ErrcInfo{internal, "internal", -32603, FiveCode::internal_error, 11, "error.internal", "Internal error"},
    ErrcInfo{unknown, "unknown", 1, FiveCode::internal_error, 1, "error.unknown", "Unknown Error"},
    ErrcInfo{filesystem, "filesystem", 2, FiveCode::internal_error, 11, "error.filesystem", "Filesystem I/O Error"},
    ErrcInfo{config_spec_violation, "config_spec_violation", 4, FiveCode::invalid_state, 10, "error.config-spec-violation", "Input does not fit its specification"},
    ErrcInfo{config_rules_violation, "config_rules_violation", 5, FiveCode::invalid_state, 10, "error.config-rules-violation", "Input breaks a rule"},
    ErrcInfo{not_found, "not_found", 6, FiveCode::not_found, 9, "error.not-found", "Not Found"},
    ErrcInfo{incorrect_password, "incorrect_password", 7, FiveCode::invalid_state, 7, "error.incorrect-password", "Incorrect Password"},
    ErrcInfo{version_incompatible, "version_incompatible", 8, FiveCode::invalid_state, 10, "error.version-incompatible", "Version Incompatible"},
    ErrcInfo{network, "network", 9, FiveCode::internal_error, 3, "error.network", "Network Error"},
    ErrcInfo{registry, "registry", 10, FiveCode::internal_error, 11, "error.registry", "Registry Error"},
    ErrcInfo{serialization, "serialization", 11, FiveCode::internal_error, 11, "error.serialization", "Serialization Error"},
    ErrcInfo{deserialization, "deserialization", 12, FiveCode::invalid_state, 11, "error.deserialization", "Deserialization Error"},
    ErrcInfo{utf8, "utf8", 13, FiveCode::invalid_state, 11, "error.utf8", "Invalid UTF-8"},
    ErrcInfo{parse_version, "parse_version", 14, FiveCode::invalid_state, 10, "error.parse-version", "Version Parsing Error"},
    ErrcInfo{dependency, "dependency", 17, FiveCode::invalid_state, 10, "error.dependency", "Dependency Error"},
    ErrcInfo{parse_s9pk, "parse_s9pk", 18, FiveCode::invalid_state, 10, "error.parse-s9pk", "S9PK Parsing Error"},
    ErrcInfo{parse_url, "parse_url", 19, FiveCode::invalid_state, 10, "error.parse-url", "URL Parsing Error"},
    ErrcInfo{disk_not_available, "disk_not_available", 20, FiveCode::internal_error, 11, "error.disk-not-available", "Disk Not Available"},
    ErrcInfo{block_device, "block_device", 21, FiveCode::internal_error, 11, "error.block-device", "Block Device Error"},
    ErrcInfo{pack, "pack", 23, FiveCode::internal_error, 11, "error.pack", "Packing Error"},
    ErrcInfo{validate_s9pk, "validate_s9pk", 24, FiveCode::invalid_state, 10, "error.validate-s9pk", "S9PK Validation Error"},
    ErrcInfo{disk_corrupted, "disk_corrupted", 25, FiveCode::internal_error, 11, "error.disk-corrupted", "Disk Corrupted"},
    ErrcInfo{parse_number, "parse_number", 28, FiveCode::invalid_state, 10, "error.parse-number", "Number Parsing Error"},
    ErrcInfo{database, "database", 29, FiveCode::internal_error, 12, "error.database", "Database Error"},
    ErrcInfo{invalid_id, "invalid_id", 30, FiveCode::invalid_state, 2, "error.invalid-id", "Invalid ID"},
    ErrcInfo{invalid_signature, "invalid_signature", 31, FiveCode::invalid_state, 10, "error.invalid-signature", "Invalid Signature"},
    ErrcInfo{backup, "backup", 32, FiveCode::internal_error, 11, "error.backup", "Backup Error"},
    ErrcInfo{restore, "restore", 33, FiveCode::internal_error, 11, "error.restore", "Restore Error"},
    ErrcInfo{authorization, "authorization", 34, FiveCode::invalid_state, 7, "error.authorization", "Unauthorized"},
    ErrcInfo{action, "action", 36, FiveCode::invalid_state, 10, "error.action", "Action Failed"},
    ErrcInfo{rate_limited, "rate_limited", 37, FiveCode::busy, 8, "error.rate-limited", "Rate Limited"},
    ErrcInfo{conflict, "conflict", 38, FiveCode::invalid_state, 10, "error.conflict", "Not possible in this state"},
    ErrcInfo{migration_failed, "migration_failed", 39, FiveCode::internal_error, 11, "error.migration-failed", "Migration Failed"},
    ErrcInfo{uninitialized, "uninitialized", 40, FiveCode::busy, 8, "error.uninitialized", "Uninitialized"},
    ErrcInfo{parse_net_address, "parse_net_address", 41, FiveCode::invalid_state, 10, "error.parse-net-address", "Network Address Parsing Error"},
    ErrcInfo{parse_timestamp, "parse_timestamp", 44, FiveCode::invalid_state, 10, "error.parse-timestamp", "Timestamp Parsing Error"},
    ErrcInfo{openssl, "openssl", 49, FiveCode::internal_error, 11, "error.openssl", "OpenSSL Error"},
    ErrcInfo{duplicate, "duplicate", 53, FiveCode::invalid_state, 10, "error.duplicate", "Duplicate"},
    ErrcInfo{multiple_errors, "multiple_errors", 54, FiveCode::internal_error, 11, "error.multiple-errors", "Multiple Errors"},
    ErrcInfo{incoherent, "incoherent", 55, FiveCode::internal_error, 11, "error.incoherent", "Incoherent"},
    ErrcInfo{invalid_backup_target_id, "invalid_backup_target_id", 56, FiveCode::invalid_state, 10, "error.invalid-backup-target-id", "Invalid Backup Target"},
    ErrcInfo{script, "script", 59, FiveCode::internal_error, 11, "error.script", "Script Error"},
    ErrcInfo{pem, "pem", 60, FiveCode::invalid_state, 10, "error.pem", "PEM Encoding Error"},
    ErrcInfo{timeout, "timeout", 71, FiveCode::internal_error, 5, "error.timeout", "Timed Out"},
    ErrcInfo{lxc, "lxc", 72, FiveCode::internal_error, 11, "error.lxc", "Container Error"},
    ErrcInfo{cancelled, "cancelled", 73, FiveCode::invalid_state, 10, "error.cancelled", "Cancelled"},
    ErrcInfo{git, "git", 74, FiveCode::internal_error, 11, "error.git", "Git Error"},
    ErrcInfo{install_failed, "install_failed", 76, FiveCode::internal_error, 11, "error.install-failed", "Installation Failed"},
    ErrcInfo{update_failed, "update_failed", 77, FiveCode::internal_error, 11, "error.update-failed", "Update Failed"},
    ErrcInfo{permission_denied, "permission_denied", 34, FiveCode::invalid_state, 7, "error.permission-denied", "Permission Denied"},
    ErrcInfo{busy, "busy", 38, FiveCode::busy, 8, "error.busy", "Busy"},
    ErrcInfo{shutting_down, "shutting_down", 40, FiveCode::busy, 8, "error.shutting-down", "Shutting Down"},
    ErrcInfo{closed, "closed", 9, FiveCode::internal_error, 3, "error.closed", "Closed"},
    ErrcInfo{corrupt, "corrupt", 29, FiveCode::internal_error, 12, "error.corrupt", "Database Corrupt"},
    ErrcInfo{newer_format, "newer_format", 29, FiveCode::internal_error, 12, "error.newer-format", "Written by a newer version"},
    ErrcInfo{no_space, "no_space", 2, FiveCode::internal_error, 12, "error.no-space", "No Space Left"},
    ErrcInfo{read_only, "read_only", 2, FiveCode::internal_error, 12, "error.read-only", "Read-only Filesystem"},
    ErrcInfo{usage, "usage", -1, FiveCode::invalid_state, 2, "error.usage", "Usage Error"},
    ErrcInfo{daemon_not_running, "daemon_not_running", 9, FiveCode::internal_error, 3, "error.daemon-not-running", "Daemon Not Running"},
    ErrcInfo{connection_lost, "connection_lost", 9, FiveCode::internal_error, 3, "error.connection-lost", "Connection Lost"},
    ErrcInfo{instance_held, "instance_held", 38, FiveCode::busy, 4, "error.instance-held", "Another daemon holds this instance"},
    ErrcInfo{protocol_unsupported, "protocol_unsupported", -32600, FiveCode::invalid_state, 6, "error.protocol-unsupported", "Protocol Version Unsupported"},
    ErrcInfo{data_dir_unusable, "data_dir_unusable", 2, FiveCode::internal_error, 12, "error.data-dir-unusable", "Data Directory Unusable"},
    ErrcInfo{cannot_bind, "cannot_bind", 9, FiveCode::internal_error, 13, "error.cannot-bind", "Cannot Bind Socket"},
    ErrcInfo{unclean_stop, "unclean_stop", 71, FiveCode::internal_error, 14, "error.unclean-stop", "Stop Was Not Clean"},
    ErrcInfo{outcome_unknown, "outcome_unknown", 1001, FiveCode::internal_error, 11, "error.outcome-unknown", "Outcome Unknown"},
    ErrcInfo{not_initialised, "not_initialised", 1002, FiveCode::invalid_state, 10, "error.not-initialised", "Not Initialised"},
    ErrcInfo{daemon_restarted, "daemon_restarted", 1003, FiveCode::internal_error, 11, "error.daemon-restarted", "Daemon Restarted"},
};
// clang-format on

constexpr bool in_enumerator_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
  }
  return kTable.size() == static_cast<std::size_t>(Errc::daemon_restarted) + 1;
}
static_assert(in_enumerator_order());

}  // namespace

const ErrcInfo& errc_info(Errc code) {
  return kTable[static_cast<std::size_t>(code)];
}

std::span<const ErrcInfo> errc_table() {
  return kTable;
}

Errc errc_from_kind(std::string_view kind) {
  const auto* row = std::ranges::find(kTable, kind, &ErrcInfo::kind);
  return row == kTable.end() ? Errc::unknown : row->code;
}

Errc errc_from_number(int number) {
  const auto* row = std::ranges::find(kTable, number, &ErrcInfo::number);
  return row == kTable.end() ? Errc::unknown : row->code;
}

std::string_view five_code_name(FiveCode code) {
  switch (code) {
    case FiveCode::ok:
      return "Ok";
    case FiveCode::busy:
      return "Busy";
    case FiveCode::not_found:
      return "NotFound";
    case FiveCode::invalid_state:
      return "InvalidState";
    case FiveCode::internal_error:
      return "InternalError";
  }
  return "InternalError";
}

}  // namespace engine
