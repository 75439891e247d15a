#include "loop/lease.hh"

#include <algorithm>
#include <deque>

namespace engine::loop {

struct LeaseTable::Entry {
  struct Waiter {
    std::uint64_t ticket;
    Loop* back;
    Mode mode;
    UniqueFunction<void(Lease)> granted;
  };
  int readers = 0;
  bool writer = false;
  std::deque<Waiter> waiters;

  [[nodiscard]] bool admits(Mode mode) const {
    return mode == Mode::shared ? !writer : !writer && readers == 0;
  }
  void take(Mode mode) {
    if (mode == Mode::shared) {
      ++readers;
    } else {
      writer = true;
    }
  }
};

LeaseTable::Lease::Lease(LeaseTable& table, std::string name, Mode mode)
    : table_(&table), name_(std::move(name)), mode_(mode) {}
LeaseTable::Lease::Lease(Lease&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)),
      name_(std::move(other.name_)),
      mode_(other.mode_) {}
LeaseTable::Lease& LeaseTable::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    table_ = std::exchange(other.table_, nullptr);
    name_ = std::move(other.name_);
    mode_ = other.mode_;
  }
  return *this;
}
LeaseTable::Lease::~Lease() {
  release();
}

void LeaseTable::Lease::release() {
  if (LeaseTable* table = std::exchange(table_, nullptr)) table->release(name_, mode_);
}

LeaseTable::LeaseTable() = default;
LeaseTable::~LeaseTable() = default;

std::uint64_t LeaseTable::acquire(Loop& back,
                                  std::string name,
                                  Mode mode,
                                  UniqueFunction<void(Lease)> granted) {
  const std::lock_guard lock(mutex_);
  auto& entry = entries_[name];
  if (!entry) entry = std::make_unique<Entry>();
  const std::uint64_t ticket = next_ticket_++;
  entry->waiters.push_back({ticket, &back, mode, std::move(granted)});
  admit(*entry, name);
  return ticket;
}

bool LeaseTable::withdraw(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, entry] : entries_) {
    const auto found =
        std::ranges::find(entry->waiters, ticket, &LeaseTable::Entry::Waiter::ticket);
    if (found == entry->waiters.end()) continue;
    entry->waiters.erase(found);
    admit(*entry, name);
    return true;
  }
  return false;
}

LeaseTable::Lease LeaseTable::try_acquire(std::string name, Mode mode) {
  const std::lock_guard lock(mutex_);
  auto& entry = entries_[name];
  if (!entry) entry = std::make_unique<Entry>();
  if (!entry->waiters.empty() || !entry->admits(mode)) return {};
  entry->take(mode);
  return {*this, std::move(name), mode};
}

void LeaseTable::release(const std::string& name, Mode mode) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  Entry& entry = *found->second;
  if (mode == Mode::shared) {
    --entry.readers;
  } else {
    entry.writer = false;
  }
  admit(entry, name);
  if (entry.readers == 0 && !entry.writer && entry.waiters.empty()) entries_.erase(found);
}

// REQUIRES: the mutex is held. Grants go through the waiter's loop, so nobody is called under it.
void LeaseTable::admit(Entry& entry, const std::string& name) {
  while (!entry.waiters.empty() && entry.admits(entry.waiters.front().mode)) {
    Entry::Waiter waiter = std::move(entry.waiters.front());
    entry.waiters.pop_front();
    entry.take(waiter.mode);
    waiter.back->post(
        [lease = Lease(*this, name, waiter.mode), granted = std::move(waiter.granted)]() mutable {
          granted(std::move(lease));
        });
  }
}

}  // namespace engine::loop
