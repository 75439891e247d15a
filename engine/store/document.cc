#include "store/document.hh"

#include "json/pointer.hh"
#include "json/reader.hh"
#include "store/array_tree.hh"
#include "store/compact.hh"

namespace engine::store {
namespace {

/// Parsed text of the store may nest deeper than what peers send: limits were checked on the way
/// in.
constexpr std::size_t kTrustedDepth = 512;

tl::unexpected<Error> no_entry(std::string_view what) {
  return fail(Error{.code = Errc::corrupt,
                    .message = "the store is damaged: no entry for " + std::string(what),
                    .hint = "check the disk, then restore a backup of the store"});
}

Kind kind_of(std::string_view text) {
  if (text.starts_with('{')) return Kind::object;
  if (text.starts_with('[')) return Kind::array;
  return Kind::scalar;
}

}  // namespace

Document::Place Document::place_of(const Child& child) {
  return {child.form, child.text, child.container};
}

Result<Document::Place> Document::root() const {
  TRY_ASSIGN(const auto payload, load(txn_, Table::nodes, document_address().key));
  if (!payload) return no_entry("the document");
  TRY_ASSIGN(const Child child, decode_child(*payload));
  return place_of(child);
}

Result<std::optional<Document::Place>> Document::child(const Place& place,
                                                       std::string_view token) const {
  if (place.form == Form::object) {
    TRY_ASSIGN(const auto found, find_member(txn_, place.container, token));
    if (!found) return std::nullopt;
    return place_of(found->child);
  }
  if (place.form == Form::text && kind_of(place.text) == Kind::object) {
    const auto text = member_of(place.text, token);
    if (!text) return std::nullopt;
    return Place{.text = *text};
  }
  const auto index = json::array_index(token);
  if (!index) return std::nullopt;
  if (place.form == Form::text) {
    if (kind_of(place.text) != Kind::array) return std::nullopt;
    const auto text = element_of(place.text, *index);
    if (!text) return std::nullopt;
    return Place{.text = *text};
  }
  TRY_ASSIGN(const ArrayTree tree, ArrayTree::open(txn_, place.container));
  TRY_ASSIGN(const auto number, tree.at(*index));
  if (!number) return std::nullopt;
  const Address address = element_address(place.container, *number);
  TRY_ASSIGN(const auto payload, load(txn_, Table::nodes, address.key));
  if (!payload) return no_entry("an array element");
  TRY_ASSIGN(const Child element, decode_child(*payload));
  return place_of(element);
}

Result<Shape> Document::shape(const Place& place) const {
  if (place.form == Form::object) {
    TRY_ASSIGN(const std::size_t count, member_count(txn_, place.container));
    return Shape{Kind::object, count};
  }
  if (place.form == Form::array) {
    TRY_ASSIGN(const ArrayTree tree, ArrayTree::open(txn_, place.container));
    return Shape{Kind::array, tree.size()};
  }
  const Kind kind = kind_of(place.text);
  return Shape{kind, kind == Kind::scalar ? 0 : children_of(place.text)};
}

Result<json::Value> Document::value(const Place& place) const {
  if (place.form == Form::text) return json::parse(place.text, kTrustedDepth);
  if (place.form == Form::array) {
    json::Array elements;
    TRY_ASSIGN(const ArrayTree tree, ArrayTree::open(txn_, place.container));
    elements.reserve(tree.size());
    TRY(tree.each([&](std::uint64_t number) -> Result<> {
      const Address address = element_address(place.container, number);
      TRY_ASSIGN(const auto payload, load(txn_, Table::nodes, address.key));
      if (!payload) return no_entry("an array element");
      TRY_ASSIGN(const Child child, decode_child(*payload));
      TRY_ASSIGN(json::Value element, value(place_of(child)));
      elements.push_back(std::move(element));
      return {};
    }));
    return elements;
  }
  json::Object members;
  MemberScan scan(txn_, place.container);
  while (true) {
    TRY_ASSIGN(auto member, scan.next());
    if (!member) return members;
    TRY_ASSIGN(json::Value child, value(place_of(member->child)));
    members.emplace_hint(members.end(), std::move(member->name), std::move(child));
  }
}

Result<> Document::write(const Place& place, json::Writer& out) const {
  if (place.form == Form::text) {
    out.raw(place.text);
    return {};
  }
  if (place.form == Form::array) return write_array(place.container, out);
  out.start_object();
  MemberScan scan(txn_, place.container);
  while (true) {
    TRY_ASSIGN(const auto member, scan.next());
    if (!member) break;
    out.key(member->name);
    TRY(write(place_of(member->child), out));
  }
  out.end_object();
  return {};
}

Result<> Document::write_array(ContainerId array, json::Writer& out) const {
  out.start_array();
  TRY_ASSIGN(const ArrayTree tree, ArrayTree::open(txn_, array));
  TRY(tree.each([&](std::uint64_t number) -> Result<> {
    TRY_ASSIGN(const auto payload, load(txn_, Table::nodes, element_address(array, number).key));
    if (!payload) return no_entry("an array element");
    TRY_ASSIGN(const Child child, decode_child(*payload));
    return write(place_of(child), out);
  }));
  out.end_array();
  return {};
}

Result<std::vector<std::string>> Document::names(const Place& place) const {
  std::vector<std::string> names;
  if (place.form == Form::object) {
    MemberScan scan(txn_, place.container);
    while (true) {
      TRY_ASSIGN(auto member, scan.next());
      if (!member) return names;
      names.push_back(std::move(member->name));
    }
  }
  if (place.form == Form::array || kind_of(place.text) != Kind::object) return names;
  Result<> bad;
  each_name(place.text, [&](std::string_view quoted) {
    auto name = json::parse(quoted);
    if (name && name->is_string()) {
      names.push_back(*name->string());
    } else {
      bad = no_entry("a name");
    }
  });
  TRY(bad);
  return names;
}

}  // namespace engine::store
