#include "store/layout.hh"

#include <algorithm>

namespace engine::store {
namespace {

constexpr std::size_t kNameAt = 9;  // bytes of container id and slot before the name
constexpr char kLongMark = 'k';

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(Error{.code = Errc::corrupt,
                    .message = "the store is damaged: " + std::string(what),
                    .hint = "check the disk, then restore a backup of the store"});
}

/// FNV-1a: only spreads equal prefixes; equal hashes are told apart by the full name.
std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char letter : name)
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
  return hash;
}

/// Key without the ordinal for a long name, the whole key for others.
std::string name_key(ContainerId object, std::string_view name) {
  std::string key = slot_key(object, Slot::child);
  key += name.substr(0, kLongName);
  if (name.size() > kLongName) append_key(key, hash_name(name));
  return key;
}

std::string long_name_prefix(const Address& at) {
  std::string prefix;
  if (at.long_name.empty()) return prefix;
  prefix += kLongMark;
  append_number(prefix, at.long_name.size(), 4);
  prefix += at.long_name;
  return prefix;
}

}  // namespace

Key::Key(ContainerId container, Slot slot) {
  add(container);
  bytes_[size_++] = static_cast<char>(slot);
}

Key& Key::add(std::string_view name) {
  name.copy(bytes_.data() + size_, bytes_.size() - size_);
  size_ += name.size();
  return *this;
}

Key& Key::add(std::uint64_t number) {
  put_key(bytes_.data() + size_, number);
  size_ += sizeof number;
  return *this;
}

std::string container_prefix(ContainerId container) {
  std::string key;
  append_key(key, container);
  return key;
}

std::string slot_key(ContainerId container, Slot slot) {
  return container_prefix(container) + static_cast<char>(slot);
}

Address document_address() {
  return {slot_key(0, Slot::child)};
}

Address element_address(ContainerId array, std::uint64_t number) {
  Address address{slot_key(array, Slot::child)};
  append_key(address.key, number);
  return address;
}

Result<Child> decode_child(std::string_view payload) {
  Child child;
  if (payload.starts_with(kLongMark)) {
    if (payload.size() < 5) return malformed("a long name is cut off");
    const std::size_t size = number_at(payload, 1, 4);
    if (payload.size() < 5 + size) return malformed("a long name is cut off");
    child.long_name = payload.substr(5, size);
    payload.remove_prefix(5 + size);
  }
  if (payload.empty()) return malformed("an empty entry");
  child.form = static_cast<Form>(payload[0]);
  payload.remove_prefix(1);
  if (child.form == Form::text) {
    child.text = payload;
    return child;
  }
  const bool known = child.form == Form::object || child.form == Form::array;
  if (!known || payload.size() != 8) return malformed("an entry of unknown form");
  child.container = number_at(payload, 0);
  return child;
}

std::string encode_text(const Address& at, std::string_view text) {
  std::string payload = long_name_prefix(at);
  payload += static_cast<char>(Form::text);
  payload += text;
  return payload;
}

std::string encode_container(const Address& at, Form form, ContainerId container) {
  std::string payload = long_name_prefix(at);
  payload += static_cast<char>(form);
  append_number(payload, container);
  return payload;
}

Result<std::optional<Child>> read_member(const Txn& txn,
                                         ContainerId object,
                                         std::string_view name) {
  if (name.size() > kLongName) {
    TRY_ASSIGN(const auto found, find_member(txn, object, name));
    if (!found) return std::nullopt;
    return found->child;
  }
  TRY_ASSIGN(const auto payload,
             load(txn, Table::nodes, Key(object, Slot::child).add(name).text()));
  if (!payload) return std::nullopt;
  return decode_child(*payload);
}

Result<Child> read_element(const Txn& txn, ContainerId array, std::uint64_t number) {
  TRY_ASSIGN(const auto payload,
             load(txn, Table::nodes, Key(array, Slot::child).add(number).text()));
  if (!payload) return malformed("no entry for an array element");
  return decode_child(*payload);
}

Result<std::optional<Found>> find_member(const Txn& txn,
                                         ContainerId object,
                                         std::string_view name) {
  std::string key = name_key(object, name);
  if (name.size() <= kLongName) {
    TRY_ASSIGN(const auto payload, load(txn, Table::nodes, key));
    if (!payload) return std::nullopt;
    TRY_ASSIGN(const Child child, decode_child(*payload));
    return Found{{std::move(key)}, child};
  }
  Scan scan(txn, Table::nodes, key);
  while (true) {
    TRY_ASSIGN(const auto row, scan.next());
    if (!row) return std::nullopt;
    TRY_ASSIGN(const Child child, decode_child(row->payload));
    if (child.long_name == name) return Found{{std::string(row->key), std::string(name)}, child};
  }
}

Result<Address> new_member_address(const Txn& txn, ContainerId object, std::string_view name) {
  Address address{name_key(object, name)};
  if (name.size() <= kLongName) return address;
  address.long_name = name;
  std::uint64_t ordinal = 0;
  Scan scan(txn, Table::nodes, address.key);
  while (true) {
    TRY_ASSIGN(const auto row, scan.next());
    if (!row) break;
    const std::string_view tail = row->key.substr(address.key.size());
    if (tail.size() != 2) return malformed("a long name without ordinal");
    ordinal = static_cast<std::uint64_t>((static_cast<unsigned char>(tail[0]) << 8U) |
                                         static_cast<unsigned char>(tail[1])) +
              1;
  }
  if (ordinal > 0xffff) return fail(Errc::invalid_params, "too many keys with one hash");
  address.key += static_cast<char>(ordinal >> 8U);
  address.key += static_cast<char>(ordinal);
  return address;
}

MemberScan::MemberScan(const Txn& txn, ContainerId object)
    : scan_(txn, Table::nodes, slot_key(object, Slot::child)) {}

/// Fills `run_` with the next member, or with all that share a long prefix, sorted.
Result<> MemberScan::gather() {
  const auto read = [&]() -> Result<std::optional<Member>> {
    TRY_ASSIGN(const auto row, scan_.next());
    if (!row) return std::nullopt;
    TRY_ASSIGN(const Child child, decode_child(row->payload));
    const std::string_view name =
        child.long_name.empty() ? row->key.substr(kNameAt) : child.long_name;
    return Member{std::string(name), child};
  };
  if (!started_) {
    started_ = true;
    TRY_ASSIGN(ahead_, read());
  }
  while (ahead_) {
    run_.push_back(std::move(*ahead_));
    TRY_ASSIGN(ahead_, read());
    const std::string_view last = run_.back().name;
    const bool together =
        ahead_ && last.size() > kLongName && ahead_->name.size() > kLongName &&
        last.substr(0, kLongName) == std::string_view(ahead_->name).substr(0, kLongName);
    if (!together) break;
  }
  std::sort(
      run_.begin(), run_.end(), [](const Member& a, const Member& b) { return a.name > b.name; });
  return {};
}

Result<std::optional<MemberScan::Member>> MemberScan::next() {
  if (run_.empty()) TRY(gather());
  if (run_.empty()) return std::nullopt;
  Member member = std::move(run_.back());
  run_.pop_back();
  return member;
}

Result<std::size_t> member_count(const Txn& txn, ContainerId object) {
  TRY_ASSIGN(const auto payload, load(txn, Table::nodes, slot_key(object, Slot::header)));
  if (!payload || payload->size() != 8) return malformed("an object without header");
  return number_at(*payload, 0);
}

Result<> set_member_count(const Txn& txn, ContainerId object, std::size_t count) {
  std::string payload;
  append_number(payload, count);
  return save(txn, Table::nodes, slot_key(object, Slot::header), payload);
}

}  // namespace engine::store
