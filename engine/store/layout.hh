#pragma once

#include "base/result.hh"
#include "store/entry.hh"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine::store {

/// How the document lies in table `nodes`.
///
/// A container is a big object or array with an id. Its entries have keys of container id
/// (big-endian) + one byte of kind + name:
///   0  header: objects: count of members; arrays: count and the root of the index (ArrayTree)
///   1  a child: of an object under its key, so that members lie in byte order; of an array under a
///      number that never changes, whatever is put in before it
///   2  a block of an array's index, under its number
/// Container 0 has one child with the empty name: the document.
///
/// A child is a text (compact JSON: scalars, and subtrees up to kInlineLimit bytes) or the id of a
/// container. Names longer than kLongName are stored as their first kLongName bytes, a hash, and an
/// ordinal among equal hashes, with the full name in the value.

inline constexpr std::size_t kInlineLimit = 1024;  ///< bytes of compact text
inline constexpr std::size_t kMergeLimit = 512;  ///< a container whose text is shorter goes inline
inline constexpr std::size_t kLongName = 448;
inline constexpr std::size_t kMaxChildren = 1'000'000;

enum class Slot : char { header = 0, child = 1, block = 2 };
enum class Form : char { text = 't', object = 'o', array = 'a' };

using ContainerId = std::uint64_t;

/// A child as stored.
struct Child {
  Form form = Form::text;
  std::string_view text;       ///< of Form::text
  ContainerId container = 0;   ///< of the others
  std::string_view long_name;  ///< set if the name is longer than kLongName
};

/// Where a child is kept: its key, and its name if that is a long one.
struct Address {
  std::string key;
  std::string long_name = {};
};

/// A key in the making that needs no heap, for those who only look.
class Key {
 public:
  Key(ContainerId container, Slot slot);
  /// REQUIRES: all in all no more than a short name after container and slot.
  Key& add(std::string_view name);
  Key& add(std::uint64_t number);
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 9 + kLongName + 8> bytes_;
  std::size_t size_ = 0;
};

std::string container_prefix(ContainerId container);
std::string slot_key(ContainerId container, Slot slot);
Address document_address();
Address element_address(ContainerId array, std::uint64_t number);

/// ERRORS: Errc::corrupt.
Result<Child> decode_child(std::string_view payload);
std::string encode_text(const Address& at, std::string_view text);
std::string encode_container(const Address& at, Form form, ContainerId container);

struct Found {
  Address address;
  Child child;
};

/// The member called `name`, or nothing.
Result<std::optional<Child>> read_member(const Txn& txn, ContainerId object, std::string_view name);
/// Element `number`, counted as in `element_address`. ERRORS: Errc::corrupt if there is none.
Result<Child> read_element(const Txn& txn, ContainerId array, std::uint64_t number);
/// The same with its address, for those who write.
Result<std::optional<Found>> find_member(const Txn& txn, ContainerId object, std::string_view name);
/// Where a new member called `name` goes. REQUIRES: there is none yet.
Result<Address> new_member_address(const Txn& txn, ContainerId object, std::string_view name);

/// The members of an object in byte order of their full names.
class MemberScan {
 public:
  struct Member {
    std::string name;
    Child child;
  };
  MemberScan(const Txn& txn, ContainerId object);
  /// Nothing at the end.
  Result<std::optional<Member>> next();

 private:
  Result<> gather();

  Scan scan_;
  std::vector<Member> run_;  ///< members with one prefix of kLongName bytes, last first
  std::optional<Member> ahead_;
  bool started_ = false;
};

Result<std::size_t> member_count(const Txn& txn, ContainerId object);
Result<> set_member_count(const Txn& txn, ContainerId object, std::size_t count);

}  // namespace engine::store
