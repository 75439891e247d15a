#include "app/container/runtime_service.hh"

#include "base/file.hh"
#include "base/log.hh"
#include "rpc/encode.hh"

#include <charconv>
#include <vector>

namespace engine::app {
namespace {

// A user outside our namespace shows as the overflow user: the host's root among them. Container
// users cannot open the socket, which is root's alone.
uid_t read_overflow_uid() {
  uid_t uid = 65'534;
  if (const auto text = read_file("/proc/sys/kernel/overflowuid")) {
    std::from_chars(text->data(), text->data() + text->size(), uid);
  }
  return uid;
}

std::string error_line(std::string_view id, const Error& error) {
  std::string out;
  rpc::encode_error(out, id, error);
  return out;
}

/// Collects the answers of a batch in request order; what is never answered leaves no gap.
struct Batch {
  std::vector<std::string> parts;
  std::size_t open = 0;
  net::Answer answer;

  void finish_one() {
    if (--open > 0) return;
    std::string all = "[";
    for (const std::string& part : parts) {
      if (part.empty()) continue;
      if (all.size() > 1) all += ',';
      all += part;
    }
    answer.send(all += ']');
  }
};

// Procedures may hold secrets and tracebacks are for the service's author: both stay here, except
// that the host's root may see the traceback of what it called.
Error with_traceback(Error error) {
  if (!error.debug.empty()) log::warn("runtime", error.message, {{"traceback", error.debug}});
  return error;
}

}  // namespace

RuntimeService::RuntimeService(RuntimeVm& vm) : vm_(vm), overflow_uid_(read_overflow_uid()) {}
RuntimeService::~RuntimeService() = default;

Result<std::unique_ptr<RuntimeService>> RuntimeService::open(loop::Loop& loop,
                                                             RuntimeVm& vm,
                                                             const std::filesystem::path& socket) {
  std::error_code ignored;
  std::filesystem::create_directories(socket.parent_path(), ignored);
  std::unique_ptr<RuntimeService> service(new RuntimeService(vm));
  TRY_ASSIGN(service->lines_, net::LineService::open(loop, *service));
  auto* lines = service->lines_.get();
  TRY_ASSIGN(service->listener_,
             net::UnixListener::open(loop, socket, {.backlog = 64}, [lines](UniqueFd peer) {
               lines->adopt(std::move(peer));
             }));
  return service;
}

void RuntimeService::on_open(net::LineSession& session) {
  const uid_t uid = session.peer().uid;
  if (uid == 0 || uid == overflow_uid_) return;
  session.send(error_line(
      "null",
      {.code = Errc::permission_denied, .message = "only the host's root may call the runtime"}));
  session.close();
}

void RuntimeService::on_oversize(net::LineSession&, net::Answer answer) {
  answer.send(error_line("null",
                         {.code = Errc::request_too_large,
                          .message = "the line is too long",
                          .hint = "send large content as a file"}));
}

void RuntimeService::on_line(net::LineSession&, std::string_view line, net::Answer answer) {
  rpc::Incoming incoming;
  rpc::decode(line, incoming);
  if (!incoming.status) return answer.send(error_line("null", incoming.status.error()));
  if (!incoming.batch) {
    return run(incoming.requests.front(), [answer = std::move(answer)](std::string text) mutable {
      if (text.empty()) {
        answer.drop();
      } else {
        answer.send(text);
      }
    });
  }
  if (incoming.requests.empty()) return answer.send("[]");
  auto batch = std::make_shared<Batch>();
  batch->parts.resize(incoming.requests.size());
  batch->open = incoming.requests.size();
  batch->answer = std::move(answer);
  for (std::size_t i = 0; i < incoming.requests.size(); ++i) {
    run(incoming.requests[i], [batch, i](std::string text) {
      batch->parts[i] = std::move(text);
      batch->finish_one();
    });
  }
}

// `answer` gets an empty text for what is never answered.
void RuntimeService::run(const rpc::Request& request, UniqueFunction<void(std::string)> answer) {
  const rpc::Method* method = vm_.find(request.method);
  if (method == nullptr) return answer(error_line(request.id, {.code = Errc::method_not_found}));
  if (on_request) on_request();
  const bool silent = method->name == "callback";
  vm_.call(*method,
           request.params,
           [id = std::string(request.id), silent, answer = std::move(answer)](
               Result<std::string> result) mutable {
             if (silent) return answer({});
             if (!result) return answer(error_line(id, with_traceback(std::move(result).error())));
             std::string out;
             rpc::encode_result(out, id, *result);
             answer(std::move(out));
           });
}

void RuntimeService::drain(Completion<> done) {
  listener_->close();
  lines_->drain(std::move(done));
}

}  // namespace engine::app
