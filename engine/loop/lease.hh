#pragma once

#include "loop/loop.hh"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace engine::loop {

/// Named read/write locks that are waited for without blocking a thread, first come first served.
/// Thread-safe; must outlive its leases and everybody who waits.
class LeaseTable {
 public:
  enum class Mode : std::uint8_t { shared, exclusive };

  /// Holding one is holding the lock; destroying it lets the next one in. Move-only.
  class Lease {
   public:
    Lease() = default;
    Lease(LeaseTable& table, std::string name, Mode mode);
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();
    void release();
    [[nodiscard]] explicit operator bool() const { return table_ != nullptr; }

   private:
    LeaseTable* table_ = nullptr;
    std::string name_;
    Mode mode_ = Mode::exclusive;
  };

  LeaseTable();
  LeaseTable(const LeaseTable&) = delete;
  LeaseTable& operator=(const LeaseTable&) = delete;
  ~LeaseTable();

  /// Asks for the lock; `granted` runs on `back` with the lease. Returns a ticket for `withdraw`.
  std::uint64_t acquire(Loop& back,
                        std::string name,
                        Mode mode,
                        UniqueFunction<void(Lease)> granted);
  /// Gives up waiting. False when the lease was granted already (it is then on its way).
  bool withdraw(std::uint64_t ticket);
  /// Takes the lock if that is possible at once, else an empty lease.
  Lease try_acquire(std::string name, Mode mode);

 private:
  struct Entry;
  void release(const std::string& name, Mode mode);
  void admit(Entry& entry, const std::string& name);

  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
  std::uint64_t next_ticket_ = 1;
};

}  // namespace engine::loop
