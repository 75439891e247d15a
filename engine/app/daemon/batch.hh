#pragma once

#include "app/daemon/dispatcher.hh"
#include "rpc/request.hh"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine::app {

/// The calls of one batch: so many at a time, their answers in one array in request order. When the
/// answers have grown too large together, what is not begun is refused. Lives on the worker's
/// thread.
///
/// Shared by its calls, each of which keeps it until it is answered: nobody else would know when it
/// may go, as a call may end long after its connection.
class Batch : public std::enable_shared_from_this<Batch> {
 public:
  Batch(Dispatcher& dispatcher,
        ScriptLoop& worker,
        std::shared_ptr<const Caller> caller,
        std::string_view line,
        LineAnswer answer);

  void run();
  /// The client has gone: nothing more is begun, and nothing answered.
  void stop() { stopped_ = true; }

 private:
  void start_some();
  void put(std::size_t index, LineReply part);
  void refuse(std::size_t index);
  void send();

  Dispatcher& dispatcher_;
  ScriptLoop& worker_;
  std::shared_ptr<const Caller> caller_;
  const std::string line_;  ///< what the requests refer to
  rpc::Incoming incoming_;
  std::vector<LineReply> parts_;
  LineAnswer answer_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::size_t answered_ = 0;
  std::size_t bytes_ = 0;  ///< of the answers so far
  bool starting_ = false;
  bool stopped_ = false;
};

}  // namespace engine::app
