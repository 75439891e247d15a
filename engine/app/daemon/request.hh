#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "loop/completion.hh"
#include "rpc/method_table.hh"

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace engine::app {

/// One call on its way to a handler. Value type; crosses threads.
struct Request {
  std::string context = "RpcContext";
  std::string attributes;  ///< of the context, a JSON object; empty: none
  std::string method;
  std::string params = "{}";  ///< JSON text
  uid_t peer_uid = 0;
  gid_t peer_gid = 0;
  pid_t peer_pid = 0;
  std::uint64_t connection = 0;  ///< 0: none, no pushes
  Milliseconds deadline{30'000};
};

/// Gets the JSON text of a result.
using Reply = UniqueFunction<void(Result<std::string>)>;

}  // namespace engine::app
