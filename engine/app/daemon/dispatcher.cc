#include "app/daemon/dispatcher.hh"

#include "rpc/encode.hh"

#include <algorithm>
#include <iterator>
#include <vector>

namespace engine::app {
namespace {

std::string error_line(std::string_view id, const Error& error) {
  std::string out;
  rpc::encode_error(out, id, error);
  return out;
}

LineReply error_reply(std::string_view id, const Error& error) {
  return {.text = error_line(id, error), .heads = {}};
}

/// Collects the answers of a batch and sends them in request order.
class BatchAnswer {
 public:
  BatchAnswer(std::size_t size, LineAnswer answer)
      : parts_(size), pending_(size), answer_(std::move(answer)) {}

  void put(std::size_t index, LineReply part) {
    parts_[index] = std::move(part);
    if (--pending_ == 0) send();
  }

 private:
  void send() {
    LineReply all{.text = "[", .heads = {}};
    for (LineReply& part : parts_) {
      if (all.text.size() > 1) all.text += ',';
      all.text += part.text;
      std::ranges::move(part.heads, std::back_inserter(all.heads));
    }
    all.text += ']';
    answer_(std::move(all));
  }

  std::vector<LineReply> parts_;
  std::size_t pending_;
  LineAnswer answer_;
};

Milliseconds deadline_of(const rpc::Method& method, const rpc::Request& call) {
  if (call.deadline_ms == 0) return method.deadline;
  return std::min(method.deadline, Milliseconds(call.deadline_ms));
}

std::unique_ptr<const RequestExtras> extras_of(const rpc::Request& call) {
  if (call.locale.empty() && call.idempotency_key.empty() && call.trace.empty()) return {};
  return std::make_unique<RequestExtras>(
      RequestExtras{.locale = std::string(call.locale),
                    .idempotency_key = std::string(call.idempotency_key),
                    .trace = std::string(call.trace)});
}

/// Runs `reply` on the loop the request came from.
Reply reply_on(loop::Loop& back, Reply reply) {
  return [&back, reply = std::move(reply)](Result<std::string> result, ResponseHead head) mutable {
    back.post([result = std::move(result),
               head = std::move(head),
               reply = std::move(reply)]() mutable { reply(std::move(result), std::move(head)); });
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
                             const std::shared_ptr<const Caller>& caller,
                             std::string_view line,
                             LineAnswer answer) {
  // One decoder a thread: its vectors keep their capacity from line to line.
  thread_local rpc::Incoming incoming;
  rpc::decode(line, incoming);
  if (!incoming.status) return answer(error_reply("null", incoming.status.error()));
  if (!incoming.batch)
    return handle_call(worker, caller, incoming.requests.front(), std::move(answer));
  if (incoming.requests.empty()) return answer({.text = "[]", .heads = {}});
  // A call may be answered, and the next line decoded, before the loop below has ended.
  rpc::Incoming batch = std::exchange(incoming, {});
  auto collected = std::make_shared<BatchAnswer>(batch.requests.size(), std::move(answer));
  for (std::size_t i = 0; i < batch.requests.size(); ++i) {
    handle_call(worker, caller, batch.requests[i], [collected, i](LineReply part) {
      collected->put(i, std::move(part));
    });
  }
}

void Dispatcher::handle_call(ScriptLoop& worker,
                             const std::shared_ptr<const Caller>& caller,
                             const rpc::Request& call,
                             LineAnswer answer) {
  const LoadedVm* loaded = worker.current();
  if (loaded == nullptr) {
    return answer(error_reply(
        call.id, {.code = Errc::uninitialized, .message = "the daemon is still starting"}));
  }
  const auto table = loaded->generation->tables.find(caller->context);
  const rpc::Method* method =
      table == loaded->generation->tables.end() ? nullptr : table->second->find(call.method);
  if (method == nullptr) {
    return answer(error_reply(call.id, {.code = Errc::method_not_found}));
  }
  Request request{.caller = caller,
                  .method = method->name,
                  .params = std::string(call.params),
                  .deadline = deadline_of(*method, call),
                  .extras = extras_of(call)};
  Reply reply =
      [id = std::string(call.id), has_head = caller->http != nullptr, answer = std::move(answer)](
          Result<std::string> result, ResponseHead head) mutable {
        LineReply line;
        if (has_head) line.heads.push_back(std::move(head));
        if (result) {
          line.text.reserve(result->size() + id.size() + 40);
          rpc::encode_result(line.text, id, *result);
        } else {
          line.text = error_line(id, result.error());
        }
        answer(std::move(line));
      };
  if (!call.idempotency_key.empty() && !method->read_only) {
    auto first = idempotency_.admit(
        *caller, call.idempotency_key, method->name, call.params, worker.loop(), std::move(reply));
    if (!first) return;
    reply = std::move(*first);
  }
  auto recorded = [this, name = method->name, reply = std::move(reply)](Result<std::string> result,
                                                                        ResponseHead head) mutable {
    // A raised error that is not an error table is the script's own fault: the author gets the
    // traceback, the caller a correlation id.
    if (!result && result.error().code == Errc::script && !result.error().debug.empty()) {
      result = fail(failures_.record(name, result.error()));
    }
    reply(std::move(result), std::move(head));
  };
  route(worker, method->kind, std::move(request), std::move(recorded));
}

void Dispatcher::cancel_connection(ScriptLoop& worker, std::uint64_t connection) {
  worker.cancel_connection(connection);
  control_.cancel_connection(connection);
  pool_.cancel_connection(connection);
}

void Dispatcher::route(ScriptLoop& worker, rpc::HandlerKind kind, Request request, Reply reply) {
  switch (kind) {
    case rpc::HandlerKind::fn:
    case rpc::HandlerKind::async:
      return worker.execute(std::move(request), std::move(reply));
    case rpc::HandlerKind::async_local:
      return control_.submit(std::move(request), reply_on(worker.loop(), std::move(reply)));
    case rpc::HandlerKind::blocking:
      return pool_.execute(worker.current()->generation,
                           std::move(request),
                           reply_on(worker.loop(), std::move(reply)));
  }
}

}  // namespace engine::app
