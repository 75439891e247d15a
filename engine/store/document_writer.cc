#include "store/document_writer.hh"

#include "json/pointer.hh"
#include "json/reader.hh"
#include "json/writer.hh"
#include "store/array_tree.hh"
#include "store/compact.hh"
#include "store/document.hh"

#include <fmt/format.h>

namespace engine::store {
namespace {

using json::Op;
using json::Operation;

constexpr std::size_t kTrustedDepth = 512;

tl::unexpected<Error> missing(const json::Pointer& path) {
  return fail(Errc::not_found, fmt::format("nothing at {}", json::quote(path.text())));
}

/// `text` with the value of `operation` in the place of another, or nothing if there is none to
/// replace or it becomes too long. Most changes are of this kind, and cost no tree.
std::optional<std::string> spliced(std::string_view text,
                                   const Operation& operation,
                                   std::size_t depth) {
  if (operation.op == Op::remove) return std::nullopt;
  const auto& tokens = operation.path.tokens();
  std::string_view old = text;
  for (; depth < tokens.size(); ++depth) {
    std::optional<std::string_view> found;
    if (old.starts_with('{')) {
      found = member_of(old, tokens[depth]);
    } else if (old.starts_with('[') && (operation.op == Op::replace || depth + 1 < tokens.size())) {
      const auto index = json::array_index(tokens[depth]);
      if (index) found = element_of(old, *index);
    }
    if (!found) return std::nullopt;
    old = *found;
  }
  const auto fresh = compact_text(operation.value, kInlineLimit);
  if (!fresh || text.size() - old.size() + fresh->size() > kInlineLimit) return std::nullopt;
  const auto at = static_cast<std::size_t>(old.data() - text.data());
  std::string whole;
  whole.reserve(text.size() - old.size() + fresh->size());
  whole.append(text.substr(0, at)).append(*fresh).append(text.substr(at + old.size()));
  return whole;
}

/// A change that may have made its container small enough to go inline.
bool shrinks(Op op) {
  return op != Op::add;
}

}  // namespace

Result<> DocumentWriter::create(const json::Value& document) {
  return put(document_address(), document);
}

Result<> DocumentWriter::apply(const Operation& operation) {
  const auto& tokens = operation.path.tokens();
  if (tokens.empty()) {
    if (operation.op != Op::remove) return replace_document(operation.value);
    return fail(Errc::invalid_params, "the whole document cannot be removed");
  }
  Chain chain;
  Address at = document_address();
  TRY_ASSIGN(auto payload, load(txn_, Table::nodes, at.key));
  if (!payload) return fail(Errc::corrupt, "the store is damaged: no entry for the document");
  TRY_ASSIGN(Child child, decode_child(*payload));
  for (std::size_t depth = 0; depth < tokens.size(); ++depth) {
    if (child.form == Form::text) return apply_in_text(operation, depth, at, child.text, chain);
    chain.push_back(std::move(at));
    if (depth + 1 == tokens.size()) break;
    TRY_ASSIGN(Found found, child_of(child, tokens[depth]));
    at = std::move(found.address);
    child = found.child;
  }
  if (child.form == Form::text) {
    return apply_in_text(operation, tokens.size() - 1, at, child.text, chain);
  }
  return child.form == Form::object ? apply_in_object(operation, child.container, chain)
                                    : apply_in_array(operation, child.container, chain);
}

Result<> DocumentWriter::replace_document(const json::Value& value) {
  const Address at = document_address();
  TRY_ASSIGN(const auto payload, load(txn_, Table::nodes, at.key));
  if (payload) {
    TRY_ASSIGN(const Child old, decode_child(*payload));
    TRY(drop(old));
  }
  return put(at, value);
}

Result<Found> DocumentWriter::child_of(const Child& container, std::string_view token) {
  const auto absent = [&]() {
    return fail(Errc::not_found, fmt::format("nothing called {}", json::quote(token)));
  };
  if (container.form == Form::object) {
    TRY_ASSIGN(auto found, find_member(txn_, container.container, token));
    if (!found) return absent();
    return std::move(*found);
  }
  const auto index = json::array_index(token);
  if (!index) return absent();
  TRY_ASSIGN(const ArrayTree tree, ArrayTree::open(txn_, container.container));
  TRY_ASSIGN(const auto number, tree.at(*index));
  if (!number) return absent();
  Address address = element_address(container.container, *number);
  TRY_ASSIGN(const auto payload, load(txn_, Table::nodes, address.key));
  if (!payload) return fail(Errc::corrupt, "the store is damaged: an array element is missing");
  TRY_ASSIGN(const Child child, decode_child(*payload));
  return Found{std::move(address), child};
}

Result<> DocumentWriter::apply_in_text(const Operation& operation,
                                       std::size_t depth,
                                       const Address& at,
                                       std::string_view text,
                                       const Chain& chain) {
  const std::size_t before = text.size();
  auto now = spliced(text, operation, depth);
  if (!now) {
    TRY_ASSIGN(json::Value value, json::parse(text, kTrustedDepth));
    TRY(json::apply_one(value, operation.op, operation.path.without_front(depth), operation.value));
    now = compact_text(value, kInlineLimit);
    if (!now) return put(at, value);
  }
  TRY(save(txn_, Table::nodes, at.key, encode_text(at, *now)));
  return now->size() < before ? merge(chain) : Result<>();
}

Result<> DocumentWriter::apply_in_object(const Operation& operation,
                                         ContainerId object,
                                         const Chain& chain) {
  const std::string& name = operation.path.last();
  TRY_ASSIGN(auto found, find_member(txn_, object, name));
  if (!found && operation.op != Op::add) return missing(operation.path);
  if (found) {
    TRY(drop(found->child));
    if (operation.op != Op::remove) {
      TRY(put(found->address, operation.value));
    } else {
      TRY(erase(txn_, Table::nodes, found->address.key));
    }
  }
  if (!found || operation.op == Op::remove) {
    TRY_ASSIGN(const std::size_t count, member_count(txn_, object));
    TRY(set_member_count(txn_, object, found ? count - 1 : count + 1));
  }
  if (!found) {
    TRY_ASSIGN(const Address address, new_member_address(txn_, object, name));
    TRY(put(address, operation.value));
  }
  return found || shrinks(operation.op) ? merge(chain) : Result<>();
}

Result<> DocumentWriter::apply_in_array(const Operation& operation,
                                        ContainerId array,
                                        const Chain& chain) {
  TRY_ASSIGN(ArrayTree tree, ArrayTree::open(txn_, array));
  const std::string& token = operation.path.last();
  const bool adds = operation.op == Op::add;
  auto index = json::array_index(token);
  if (!index && token != "-") {
    return fail(Errc::invalid_params, fmt::format("{} is not an array index", json::quote(token)));
  }
  if (!index && adds) index = tree.size();
  if (!index || *index > tree.size() || (*index == tree.size() && !adds)) {
    return missing(operation.path);
  }
  if (adds) {
    TRY_ASSIGN(const std::uint64_t number, tree.insert(*index));
    return put(element_address(array, number), operation.value);
  }
  TRY_ASSIGN(const Found found, child_of(Child{Form::array, {}, array, {}}, token));
  TRY(drop(found.child));
  if (operation.op == Op::replace) {
    TRY(put(found.address, operation.value));
  } else {
    TRY(tree.remove(*index));
    TRY(erase(txn_, Table::nodes, found.address.key));
  }
  return merge(chain);
}

Result<> DocumentWriter::put(const Address& at, const json::Value& value) {
  const bool container = value.is_object() || value.is_array();
  const auto text = compact_text(value, container ? kInlineLimit : SIZE_MAX);
  if (text) return save(txn_, Table::nodes, at.key, encode_text(at, *text));
  return value.is_object() ? put_object(at, *value.object()) : put_array(at, *value.array());
}

Result<> DocumentWriter::put_object(const Address& at, const json::Object& members) {
  const ContainerId id = next_container_++;
  TRY(save(txn_, Table::nodes, at.key, encode_container(at, Form::object, id)));
  TRY(set_member_count(txn_, id, members.size()));
  for (const auto& [name, member] : members) {
    TRY_ASSIGN(const Address address, new_member_address(txn_, id, name));
    TRY(put(address, member));
  }
  return {};
}

Result<> DocumentWriter::put_array(const Address& at, const json::Array& elements) {
  const ContainerId id = next_container_++;
  TRY(save(txn_, Table::nodes, at.key, encode_container(at, Form::array, id)));
  TRY(ArrayTree::create(txn_, id, elements.size()));
  for (std::size_t i = 0; i < elements.size(); ++i)
    TRY(put(element_address(id, i), elements[i]));
  return {};
}

Result<> DocumentWriter::drop(const Child& child) {
  if (child.form == Form::text) return {};
  std::vector<Child> below;
  {
    Scan scan(txn_, Table::nodes, container_prefix(child.container));
    while (true) {
      TRY_ASSIGN(const auto row, scan.next());
      if (!row) break;
      if (row->key[8] == static_cast<char>(Slot::child)) {
        TRY_ASSIGN(const Child inner, decode_child(row->payload));
        if (inner.form != Form::text) below.push_back({inner.form, {}, inner.container, {}});
      }
      TRY(scan.erase_current());
    }
  }
  for (const Child& inner : below)
    TRY(drop(inner));
  return {};
}

Result<> DocumentWriter::merge(const Chain& chain) {
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    TRY_ASSIGN(const bool merged, merge_one(*at));
    if (!merged) return {};
  }
  return {};
}

Result<bool> DocumentWriter::merge_one(const Address& at) {
  TRY_ASSIGN(const auto payload, load(txn_, Table::nodes, at.key));
  if (!payload) return fail(Errc::corrupt, "the store is damaged: a container is missing");
  TRY_ASSIGN(const Child child, decode_child(*payload));
  // A cheap bound first: a few rows tell that a container is still too big.
  std::size_t bytes = 2;
  {
    Scan scan(txn_, Table::nodes, slot_key(child.container, Slot::child));
    while (true) {
      // What is damaged stays where it is, and whoever reads it is told.
      const auto row = scan.next();
      if (!row) return false;
      if (!*row) break;
      TRY_ASSIGN(const Child inner, decode_child((*row)->payload));
      bytes += (*row)->key.size() - 9 + inner.text.size() + 2;
      if (inner.form != Form::text || bytes > kMergeLimit) return false;
    }
  }
  const Child whole{child.form, {}, child.container, {}};
  const Document document(txn_);
  TRY_ASSIGN(const json::Value value, document.value({whole.form, {}, whole.container}));
  const auto text = compact_text(value, kInlineLimit);
  if (!text) return false;
  TRY(drop(whole));
  TRY(save(txn_, Table::nodes, at.key, encode_text(at, *text)));
  return true;
}

}  // namespace engine::store
