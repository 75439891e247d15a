#include "app/daemon/batch.hh"

#include "rpc/answer.hh"

#include <algorithm>
#include <iterator>

namespace engine::app {

Batch::Batch(Dispatcher& dispatcher,
             ScriptLoop& worker,
             std::shared_ptr<const Caller> caller,
             std::string_view line,
             LineAnswer answer)
    : dispatcher_(dispatcher),
      worker_(worker),
      caller_(std::move(caller)),
      line_(line),
      answer_(std::move(answer)) {}

void Batch::run() {
  const WireLimits& limits = dispatcher_.limits();
  rpc::decode(line_, incoming_, limits.nesting);
  const std::size_t size = incoming_.requests.size();
  if (incoming_.status && size > limits.batch) {
    incoming_.status = fail(Error{.code = Errc::request_too_large,
                                  .message = "a batch may have " + std::to_string(limits.batch) +
                                             " calls, not " + std::to_string(size),
                                  .hint = "send several smaller ones"});
  }
  if (!incoming_.status) {
    LineReply refused;
    rpc::encode_failure(refused.text, rpc::failure_form(incoming_), incoming_.status.error());
    return answer_(std::move(refused));
  }
  parts_.resize(size);
  start_some();
}

void Batch::start_some() {
  if (starting_) return;
  starting_ = true;
  const auto self = shared_from_this();
  const WireLimits& limits = dispatcher_.limits();
  while (!stopped_ && next_ < parts_.size() && running_ < limits.in_flight) {
    const std::size_t index = next_++;
    if (bytes_ > limits.batch_answer) {
      refuse(index);
      continue;
    }
    ++running_;
    const rpc::Request& call = incoming_.requests[index];
    dispatcher_.handle_call(
        worker_, caller_, call, rpc::answer_form(incoming_, call), [self, index](LineReply part) {
          self->put(index, std::move(part));
        });
  }
  starting_ = false;
  if (answered_ == parts_.size()) send();
}

void Batch::put(std::size_t index, LineReply part) {
  bytes_ += part.text.size();
  parts_[index] = std::move(part);
  --running_;
  ++answered_;
  start_some();
}

/// Single answers have no limit, but a thousand of them shall not be kept for one client.
void Batch::refuse(std::size_t index) {
  const rpc::AnswerForm form = rpc::answer_form(incoming_, incoming_.requests[index]);
  rpc::encode_failure(parts_[index].text,
                      form,
                      {.code = Errc::request_too_large,
                       .message = "the answers of this batch are over " +
                                  std::to_string(dispatcher_.limits().batch_answer) +
                                  " bytes already; this call was not carried out",
                       .hint = "send it again, in a smaller batch"});
  ++answered_;
}

void Batch::send() {
  LineReply all{.text = "[", .heads = {}};
  for (LineReply& part : parts_) {
    if (all.text.size() > 1) all.text += ',';
    all.text += part.text;
    part.text = std::string();
    std::ranges::move(part.heads, std::back_inserter(all.heads));
  }
  all.text += ']';
  answer_(std::move(all));
}

}  // namespace engine::app
