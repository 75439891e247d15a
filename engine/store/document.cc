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

/// Where a step is kept.
std::size_t Document::step_of(const Place& place, std::string_view token) {
  const std::size_t last = token.empty() ? 0 : static_cast<unsigned char>(token.back());
  return (place.container * 5 + place.text.size() + token.size() * 3 + last) % kSteps;
}

Document::Place Document::place_of(const Child& child) {
  return {child.form, child.text, child.container};
}

Result<Document::Place> Document::root() const {
  if (root_) return *root_;
  TRY_ASSIGN(const auto child, read_member(txn_, 0, {}));
  if (!child) return no_entry("the document");
  return root_.emplace(place_of(*child));
}

Result<std::optional<Document::Place>> Document::child(const Place& place,
                                                       std::string_view token) const {
  const std::size_t at = step_of(place, token);
  Step& step = steps_[at];
  if ((known_ >> at & 1U) != 0 && step.starts(place, token)) return step.to;
  TRY_ASSIGN(const auto found,
             place.form == Form::text ? child_in_text(place.text, token)
                                      : child_in_container(place, token));
  if (found && token.size() <= step.token.size()) {
    step.form = place.form;
    step.container = place.container;
    step.text = place.text.data();
    step.size = static_cast<std::uint8_t>(token.copy(step.token.data(), step.token.size()));
    step.to = *found;
    known_ |= 1U << at;
  }
  return found;
}

Result<std::optional<Document::Place>> Document::find(std::span<const std::string> tokens) const {
  TRY_ASSIGN(Place place, root());
  for (const std::string& token : tokens) {
    TRY_ASSIGN(const auto next, child(place, token));
    if (!next) return std::nullopt;
    place = *next;
  }
  return place;
}

bool Document::Step::starts(const Place& place, std::string_view name) const {
  return form == place.form && container == place.container && text == place.text.data() &&
         std::string_view(token.data(), size) == name;
}

std::optional<Document::Place> Document::child_in_text(std::string_view text,
                                                       std::string_view token) {
  std::optional<std::string_view> found;
  if (kind_of(text) == Kind::object) {
    found = member_of(text, token);
  } else if (const auto index = json::array_index(token); index && kind_of(text) == Kind::array) {
    found = element_of(text, *index);
  }
  if (!found) return std::nullopt;
  return Place{.text = *found};
}

Result<std::optional<Document::Place>> Document::child_in_container(const Place& place,
                                                                    std::string_view token) const {
  if (place.form == Form::object) {
    TRY_ASSIGN(const auto child, read_member(txn_, place.container, token));
    if (!child) return std::nullopt;
    return place_of(*child);
  }
  const auto index = json::array_index(token);
  if (!index) return std::nullopt;
  TRY_ASSIGN(const ArrayTree tree, ArrayTree::open(txn_, place.container));
  TRY_ASSIGN(const auto number, tree.at(*index));
  if (!number) return std::nullopt;
  TRY_ASSIGN(const Child element, read_element(txn_, place.container, *number));
  return place_of(element);
}

Kind Document::kind(const Place& place) {
  if (place.form == Form::text) return kind_of(place.text);
  return place.form == Form::object ? Kind::object : Kind::array;
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
      TRY_ASSIGN(const Child child, read_element(txn_, place.container, number));
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
    TRY_ASSIGN(const Child child, read_element(txn_, array, number));
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
