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
  if (size == 0) return send();
  start_some();
}

void Batch::start_some() {
  if (starting_) return;
  starting_ = true;
  const auto self = shared_from_this();
  while (!stopped_ && next_ < parts_.size() && running_ < dispatcher_.limits().in_flight) {
    const std::size_t index = next_++;
    ++running_;
    const rpc::Request& call = incoming_.requests[index];
    dispatcher_.handle_call(
        worker_, caller_, call, rpc::answer_form(incoming_, call), [self, index](LineReply part) {
          self->put(index, std::move(part));
        });
  }
  starting_ = false;
}

void Batch::put(std::size_t index, LineReply part) {
  parts_[index] = std::move(part);
  --running_;
  if (++answered_ == parts_.size()) {
    send();
  } else {
    start_some();
  }
}

void Batch::send() {
  LineReply all{.text = "[", .heads = {}};
  for (LineReply& part : parts_) {
    if (all.text.size() > 1) all.text += ',';
    all.text += part.text;
    std::ranges::move(part.heads, std::back_inserter(all.heads));
  }
  all.text += ']';
  answer_(std::move(all));
}

}  // namespace engine::app
