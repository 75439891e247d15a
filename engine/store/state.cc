#include "store/state.hh"

#include "store/entry.hh"

#include <fmt/format.h>

#include <cstring>

namespace engine::store {
namespace {

constexpr std::string_view kHeadKey = "head";
constexpr std::string_view kIdentityKey = "identity";
constexpr std::string_view kSchemaKey = "schema";
constexpr std::size_t kHeadSize = 40;  // without the mark for the journal, which came later

tl::unexpected<Error> broken(std::string_view what) {
  return fail(Error{.code = Errc::corrupt,
                    .message = fmt::format("the store is damaged: {}", what),
                    .hint = "restore a backup of the store; nothing was changed"});
}

}  // namespace

Result<Head> load_head(const Txn& txn) {
  TRY_ASSIGN(const auto payload, load(txn, Table::meta, kHeadKey));
  if (!payload || payload->size() < kHeadSize) return broken("the head is missing");
  return Head{number_at(*payload, 0),
              number_at(*payload, 8),
              number_at(*payload, 16),
              number_at(*payload, 24),
              number_at(*payload, 32),
              payload->size() >= kHeadSize + 8 ? number_at(*payload, kHeadSize) : 0};
}

Result<> save_head(const Txn& txn, const Head& head) {
  std::string payload;
  for (const std::uint64_t number : {head.revision,
                                     head.reserved,
                                     head.oldest,
                                     head.log_bytes,
                                     head.next_container,
                                     head.journal}) {
    append_number(payload, number);
  }
  return save(txn, Table::meta, kHeadKey, payload);
}

Result<Identity> load_identity(const Txn& txn) {
  TRY_ASSIGN(const auto payload, load(txn, Table::meta, kIdentityKey));
  Identity identity;
  if (!payload || payload->size() < 8) return broken("its id is missing");
  identity.format = number_at(*payload, 0);
  if (identity.format > kFormat) {
    return fail(Error{
        .code = Errc::newer_format,
        .message =
            fmt::format("the store has format {}, this program knows {}", identity.format, kFormat),
        .hint = "use a program at least as new as the one that wrote it"});
  }
  if (identity.format < kFormat) {
    return fail(Error{
        .code = Errc::version_incompatible,
        .message = fmt::format(
            "the store has format {}, this program reads {} only", identity.format, kFormat),
        .hint = "dump it with the program that wrote it (moon-cli db dump '' --format json), move "
                "its directory away and put the parts back with moon-cli db put"});
  }
  if (payload->size() < 8 + identity.id.size() + identity.history.size()) {
    return broken("its id is cut off");
  }
  std::memcpy(identity.id.data(), payload->data() + 8, identity.id.size());
  std::memcpy(
      identity.history.data(), payload->data() + 8 + identity.id.size(), identity.history.size());
  return identity;
}

Result<> save_identity(const Txn& txn, const Identity& identity) {
  std::string payload;
  append_number(payload, identity.format);
  payload.append(reinterpret_cast<const char*>(identity.id.data()), identity.id.size());
  payload.append(reinterpret_cast<const char*>(identity.history.data()), identity.history.size());
  return save(txn, Table::meta, kIdentityKey, payload);
}

Result<std::string> load_schema(const Txn& txn) {
  TRY_ASSIGN(const auto payload, load(txn, Table::meta, kSchemaKey));
  return std::string(payload.value_or(std::string_view()));
}

Result<> save_schema(const Txn& txn, std::string_view text) {
  return save(txn, Table::meta, kSchemaKey, text);
}

}  // namespace engine::store
