#include "app/daemon/dispatcher.hh"

#include "rpc/encode.hh"

#include <vector>

namespace engine::app {
namespace {

std::string error_line(std::string_view id, const Error& error) {
  std::string out;
  rpc::encode_error(out, id, error);
  return out;
}

/// Collects the answers of a batch and sends them in request order.
class BatchAnswer {
 public:
  BatchAnswer(std::size_t size, LineAnswer answer)
      : parts_(size), pending_(size), answer_(std::move(answer)) {}

  void put(std::size_t index, std::string part) {
    parts_[index] = std::move(part);
    if (--pending_ == 0) send();
  }

 private:
  void send() {
    std::string all = "[";
    for (const std::string& part : parts_) {
      if (all.size() > 1) all += ',';
      all += part;
    }
    answer_(all += ']');
  }

  std::vector<std::string> parts_;
  std::size_t pending_;
  LineAnswer answer_;
};

/// Runs `reply` on the loop the request came from.
Reply reply_on(loop::Loop& back, Reply reply) {
  return [&back, reply = std::move(reply)](Result<std::string> result) mutable {
    back.post([result = std::move(result), reply = std::move(reply)]() mutable {
      reply(std::move(result));
    });
  };
}

}  // namespace

std::string Dispatcher::oversize_answer(std::size_t limit) {
  return error_line("null",
                    {.code = Errc::request_too_large,
                     .message = "a line may have " + std::to_string(limit) + " bytes",
                     .hint = "send large content as a file and name its path"});
}

void Dispatcher::handle_line(ScriptLoop& worker,
                             const Caller& caller,
                             std::string_view line,
                             LineAnswer answer) {
  // One decoder a thread: its vectors keep their capacity from line to line.
  thread_local rpc::Incoming incoming;
  rpc::decode(line, incoming);
  if (!incoming.status) return answer(error_line("null", incoming.status.error()));
  if (!incoming.batch)
    return handle_call(worker, caller, incoming.requests.front(), std::move(answer));
  if (incoming.requests.empty()) return answer("[]");
  // A call may be answered, and the next line decoded, before the loop below has ended.
  rpc::Incoming batch = std::exchange(incoming, {});
  auto collected = std::make_shared<BatchAnswer>(batch.requests.size(), std::move(answer));
  for (std::size_t i = 0; i < batch.requests.size(); ++i) {
    handle_call(worker, caller, batch.requests[i], [collected, i](std::string part) {
      collected->put(i, std::move(part));
    });
  }
}

void Dispatcher::handle_call(ScriptLoop& worker,
                             const Caller& caller,
                             const rpc::Request& call,
                             LineAnswer answer) {
  const LoadedVm* loaded = worker.current();
  if (loaded == nullptr) {
    return answer(error_line(
        call.id, {.code = Errc::uninitialized, .message = "the daemon is still starting"}));
  }
  const auto table = loaded->generation->tables.find(caller.context);
  const rpc::Method* method =
      table == loaded->generation->tables.end() ? nullptr : table->second->find(call.method);
  if (method == nullptr) {
    return answer(error_line(call.id, {.code = Errc::method_not_found}));
  }
  Request request{.context = caller.context,
                  .attributes = caller.attributes,
                  .method = method->name,
                  .params = std::string(call.params),
                  .peer_uid = caller.uid,
                  .peer_gid = caller.gid,
                  .peer_pid = caller.pid,
                  .connection = caller.connection,
                  .deadline = method->deadline};
  auto reply = [this, id = std::string(call.id), name = method->name, answer = std::move(answer)](
                   Result<std::string> result) mutable {
    if (result) {
      std::string out;
      out.reserve(result->size() + id.size() + 40);
      rpc::encode_result(out, id, *result);
      return answer(std::move(out));
    }
    // A raised error that is not an error table is the script's own fault: the author gets the
    // traceback, the caller a correlation id.
    const bool raised = result.error().code == Errc::script && !result.error().debug.empty();
    answer(error_line(id, raised ? failures_.record(name, result.error()) : result.error()));
  };
  route(worker, method->kind, std::move(request), std::move(reply));
}

void Dispatcher::route(ScriptLoop& worker, rpc::HandlerKind kind, Request request, Reply reply) {
  switch (kind) {
    case rpc::HandlerKind::fn:
    case rpc::HandlerKind::async:
      return worker.execute(std::move(request), std::move(reply));
    case rpc::HandlerKind::async_local:
      return control_.loop().post([this,
                                   request = std::move(request),
                                   reply = reply_on(worker.loop(), std::move(reply))]() mutable {
        control_.execute(std::move(request), std::move(reply));
      });
    case rpc::HandlerKind::blocking:
      return pool_.execute(worker.current()->generation,
                           std::move(request),
                           reply_on(worker.loop(), std::move(reply)));
  }
}

}  // namespace engine::app
