#include "app/daemon/idempotency.hh"

#include "base/bytes.hh"
#include "crypto/blake3.hh"

#include <algorithm>
#include <functional>
#include <utility>

namespace engine::app {
namespace {

/// Who may get the result of an earlier call: a hash, since cookies are long, and secrets. Whoever
/// signs requests proves himself anew with each, so his are known by the connection alone.
std::string owner_of(const Caller& caller, std::string_view key) {
  std::string who = caller.context + '\n';
  const auto cookie = [](const auto& header) { return header.first == "cookie"; };
  if (caller.peer && !caller.http) {
    who += "uid " + std::to_string(caller.peer->uid);
  } else if (caller.http && !caller.http->body_size &&
             std::ranges::any_of(caller.http->headers, cookie)) {
    who += "cookie " + std::ranges::find_if(caller.http->headers, cookie)->second;
  } else {
    who += "connection " + std::to_string(caller.connection);
  }
  (who += '\n') += key;
  return to_hex(crypto::blake3(as_bytes(who)));
}

/// Whether nothing was done, so that a repeat is a first call. What strangers are told is not kept
/// either: it would push out the results of those who may call.
bool is_refusal(const Result<std::string>& result) {
  if (result) return false;
  const Errc code = result.error().code;
  return errc_info(code).five == FiveCode::busy || code == Errc::cancelled ||
         code == Errc::authorization || code == Errc::incorrect_password ||
         code == Errc::invalid_signature;
}

}  // namespace

/// The right to say what came of a call. Dropped unused, which is when the daemon ends, nobody is
/// told.
struct IdempotencyTable::Ticket {
  Ticket(IdempotencyTable& from, std::string owned_by) : table(&from), owner(std::move(owned_by)) {}
  Ticket(Ticket&& other) noexcept
      : table(std::exchange(other.table, nullptr)), owner(std::move(other.owner)) {}
  Ticket& operator=(Ticket&&) = delete;
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket() {
    if (table != nullptr) table->abandon(owner);
  }
  void use(const Outcome& outcome) { std::exchange(table, nullptr)->finish(owner, outcome); }

  IdempotencyTable* table;
  std::string owner;
};

std::optional<IdempotencyTable::Admission> IdempotencyTable::admit(const Caller& caller,
                                                                   std::string_view key,
                                                                   std::string_view method,
                                                                   std::string_view params,
                                                                   loop::Loop& home,
                                                                   Reply reply) {
  const auto refuse = [&reply](Errc code, std::string message, std::string hint) {
    reply(fail(Error{.code = code, .message = std::move(message), .hint = std::move(hint)}), {});
    return std::nullopt;
  };
  if (key.size() > kLongestKey) {
    return refuse(Errc::invalid_request, "`idempotency_key` has more than 64 bytes", "");
  }
  std::string owner = owner_of(caller, key);
  const std::size_t hash = std::hash<std::string_view>{}(params);
  std::unique_lock lock(mutex_);
  trim();
  const auto found = by_owner_.find(owner);
  if (found == by_owner_.end()) {
    entries_.push_back({.owner = owner,
                        .method = std::string(method),
                        .params_size = params.size(),
                        .params_hash = hash,
                        .waiting = {},
                        .outcome = {}});
    by_owner_[owner] = std::prev(entries_.end());
    return Admission{.repeat = false,
                     .reply = [ticket = Ticket(*this, std::move(owner)), reply = std::move(reply)](
                                  Result<std::string> result, ResponseHead head) mutable {
                       ticket.use({result, head});
                       reply(std::move(result), std::move(head));
                     }};
  }
  const Entry& entry = *found->second;
  if (entry.method != method || entry.params_size != params.size() || entry.params_hash != hash) {
    lock.unlock();
    return refuse(Errc::invalid_request,
                  "`idempotency_key` was used for another call",
                  "make a new key for every call that is not a repeat");
  }
  return Admission{.repeat = true,
                   .reply = [this, owner = std::move(owner), &home, reply = std::move(reply)](
                                const Result<std::string>& allowed, ResponseHead head) mutable {
                     if (!allowed) return reply(fail(allowed.error()), std::move(head));
                     replay(owner, home, std::move(reply));
                   }};
}

/// Answers a repeat that may have the result.
void IdempotencyTable::replay(const std::string& owner, loop::Loop& home, Reply reply) {
  std::unique_lock lock(mutex_);
  const auto found = by_owner_.find(owner);
  if (found == by_owner_.end()) {
    lock.unlock();
    return reply(fail(Errc::busy, "the first call with this key was refused; send it again"), {});
  }
  Entry& entry = *found->second;
  if (entry.running) return entry.waiting.push_back({&home, std::move(reply)});
  const std::optional<Outcome> outcome = entry.outcome;
  lock.unlock();
  if (outcome) return reply(outcome->result, outcome->head);
  reply(fail(Error{.code = Errc::conflict,
                   .message = "the call was carried out already; its result is no longer kept",
                   .hint = "look at what it did"}),
        {});
}

void IdempotencyTable::finish(const std::string& owner, const Outcome& outcome) {
  std::vector<Waiting> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_owner_.find(owner);
    if (found == by_owner_.end()) return;
    Entry& entry = *found->second;
    waiting = std::exchange(entry.waiting, {});
    if (is_refusal(outcome.result)) {
      forget(found->second);
    } else {
      entry.running = false;
      entry.until = Clock::now() + limits_.keep;
      const std::size_t size = outcome.result ? outcome.result->size() : 0;
      if (size <= limits_.result) {
        entry.outcome = outcome;
        entry.bytes = size;
        bytes_ += size;
      }
      trim();
    }
  }
  for (Waiting& one : waiting) {
    one.home->post([outcome, reply = std::move(one.reply)]() mutable {
      reply(std::move(outcome.result), std::move(outcome.head));
    });
  }
}

void IdempotencyTable::abandon(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_owner_.find(owner); found != by_owner_.end()) forget(found->second);
}

void IdempotencyTable::forget(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_owner_.erase(entry->owner);
  entries_.erase(entry);
}

/// Forgets what is old, and the oldest of what is too much. Running calls stay.
void IdempotencyTable::trim() {
  const TimePoint now = Clock::now();
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto entry = at++;
    const bool surplus = entries_.size() > limits_.calls;
    if (entry->running) continue;
    if (surplus || entry->until <= now) {
      forget(entry);
    } else if (bytes_ > limits_.bytes) {
      bytes_ -= std::exchange(entry->bytes, 0);
      entry->outcome.reset();
    } else {
      break;  // the others are younger
    }
  }
}

std::size_t IdempotencyTable::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::size_t IdempotencyTable::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace engine::app
