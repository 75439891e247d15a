#pragma once

#include "loop/loop.hh"
#include "net/line_session.hh"
#include "net/turns.hh"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace engine::net {

/// What a program does with the lines of its connections. Called on the loop of the service.
class LineHandler {
 public:
  virtual ~LineHandler() = default;
  virtual void on_open(LineSession&) {}
  /// `line` is valid during the call only.
  virtual void on_line(LineSession& session, std::string_view line, Answer answer) = 0;
  /// A line was over the limit and is skipped; say so through `answer`.
  virtual void on_oversize(LineSession& session, Answer answer) = 0;
  /// There is room for pushes: after `wake`, or when a refused push would be taken.
  virtual void on_room(LineSession&) {}
  /// Pushes wait, and the peer has taken nothing for long (LineLimits::stalled_push). Told once.
  /// Say what there is to say and close when there is room; without it the connection is cut.
  virtual void on_stalled(LineSession&) {}
  /// A line that has begun does not come to its end in time (LineLimits::stalled_line, min_rate):
  /// say so; the connection is closed.
  virtual void on_unfinished_line(LineSession&) {}
  /// Nothing has been going on for LineLimits::idle. False: the connection stays.
  virtual bool on_idle(LineSession&) { return true; }
  /// The connection begins with an HTTP method (LineLimits::tell_http): it is yours from here on,
  /// with what was read of it. The session dies after this call, without on_close.
  virtual void on_http(LineSession&, UniqueFd /*socket*/, std::string /*already_read*/) {}
  /// The connection is gone; the session dies after this call.
  virtual void on_close(LineSession&) {}
};

/// The line connections of one loop. Resource type; lives on that loop, its thread-safe functions
/// excepted. Destroying it closes every connection at once.
class LineService {
 public:
  /// `index` tells services of one process apart (below 4096); the handler outlives the service.
  static Result<std::unique_ptr<LineService>> open(loop::Loop& loop,
                                                   LineHandler& handler,
                                                   const LineLimits& limits = {},
                                                   unsigned index = 0);
  LineService(const LineService&) = delete;
  LineService& operator=(const LineService&) = delete;
  ~LineService();

  /// Takes a connected, non-blocking socket; the session is opened on the loop. Thread-safe.
  void adopt(UniqueFd socket, ConnectionQuota::Place place = {});
  /// The same at once, on the loop. ERRORS: as epoll_ctl and reading the credentials.
  Result<LineSession*> open_session(UniqueFd socket, ConnectionQuota::Place place = {});
  /// Has the handler's on_room called for the connection, if it is still there and has room, else
  /// when it has. Thread-safe; may be called with locks held.
  void wake(std::uint64_t id);
  /// Connections open or about to be. Thread-safe.
  [[nodiscard]] std::size_t connections() const { return turns_->count(); }
  [[nodiscard]] LineSession* find(std::uint64_t id) const { return turns_->find(id); }
  /// Whether a connection id was given by the service with this index.
  static unsigned index_of(std::uint64_t id) { return service_of(id); }

  /// Reads no more; closes each connection when all it was asked is answered and written.
  /// `done` runs when none is left.
  void drain(Completion<> done);

 private:
  friend class LineSession;

  LineService(LineHandler& handler, const LineLimits& limits)
      : handler_(handler), limits_(limits) {}
  void on_end(LineSession& session);
  void wake_sessions();

  LineHandler& handler_;
  LineLimits limits_;
  std::mutex wake_mutex_;
  std::vector<std::uint64_t> to_wake_;
  std::vector<std::uint64_t> waking_;
  std::unique_ptr<Turns<LineSession>> turns_;
};

}  // namespace engine::net
