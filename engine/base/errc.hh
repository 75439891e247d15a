#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace engine {

/// Every kind of failure moonbox knows. The spelling of an enumerator is its `kind` in Lua, JSON
/// and logs. Numbers, codes and exit statuses live in one table (`errc_info`).
enum class Errc : std::uint16_t {
  // JSON-RPC protocol
  parse_error,
  invalid_request,
  request_too_large,
  method_not_found,
  invalid_params,
  internal,
  // application kinds, numbered as in the reference (section 19)
  unknown,
  filesystem,
  config_spec_violation,
  config_rules_violation,
  not_found,
  incorrect_password,
  version_incompatible,
  network,
  registry,
  serialization,
  deserialization,
  utf8,
  parse_version,
  dependency,
  parse_s9pk,
  parse_url,
  disk_not_available,
  block_device,
  pack,
  validate_s9pk,
  disk_corrupted,
  parse_number,
  database,
  invalid_id,
  invalid_signature,
  backup,
  restore,
  authorization,
  action,
  rate_limited,
  conflict,
  migration_failed,
  uninitialized,
  parse_net_address,
  parse_timestamp,
  openssl,
  duplicate,
  multiple_errors,
  incoherent,
  invalid_backup_target_id,
  script,
  pem,
  timeout,
  lxc,
  cancelled,
  git,
  install_failed,
  update_failed,
  // kinds that share a number with one of the above
  permission_denied,
  busy,
  shutting_down,
  closed,
  corrupt,
  newer_format,
  no_space,
  read_only,
  usage,
  daemon_not_running,
  connection_lost,
  instance_held,
  protocol_unsupported,
  data_dir_unusable,
  cannot_bind,
  unclean_stop,
  outcome_unknown,
  not_initialised,
  daemon_restarted,
};

/// The five answer codes of the supervisor envelope.
enum class FiveCode : std::uint8_t { ok, busy, not_found, invalid_state, internal_error };

/// One row of the error table.
struct ErrcInfo {
  Errc code;
  std::string_view kind;       ///< stable snake_case name
  int number;                  ///< JSON-RPC `error.code`
  FiveCode five;               ///< code of the supervisor envelope
  int exit_code;               ///< process exit status
  std::string_view label_key;  ///< locale key of the short label
  std::string_view label;      ///< English label, used as JSON-RPC `error.message`
};

/// The row of `code`. Never fails: every enumerator has one (checked by a test).
const ErrcInfo& errc_info(Errc code);

/// All rows, in enumerator order; exported to Lua from here.
std::span<const ErrcInfo> errc_table();

/// The kind named `kind`, or `Errc::unknown` if there is none.
Errc errc_from_kind(std::string_view kind);

/// The kind a client gives to a JSON-RPC error code received from a peer (reference, section 2.5).
Errc errc_from_number(int number);

/// `Ok`, `Busy`, … as spelt on the wire.
std::string_view five_code_name(FiveCode code);

}  // namespace engine
