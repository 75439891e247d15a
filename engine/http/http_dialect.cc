#include "http/http_dialect.hh"

#include "http/connection_set.hh"
#include "http/response_writer.hh"
#include "http/websocket_dialect.hh"

#include <algorithm>

namespace engine::http {
namespace {

constexpr std::size_t kReserve = 1UL << 20U;  ///< of a body, before any of it is there
constexpr std::size_t kKeptCapacity = 64UL << 10U;

}  // namespace

HttpDialect::HttpDialect(Connection& connection)
    : connection_(connection), body_share_(connection.set().half_read()) {}

bool HttpDialect::paused() const {
  if (no_more_ && state_ == State::head) return true;
  if (queue_ && queue_->full()) return true;
  return upgrade_waits_ || slots_.size() >= connection_.limits().in_flight;
}

std::size_t HttpDialect::take(std::span<char> input, std::size_t& budget) {
  std::size_t taken = 0;
  while (budget > 0 && taken < input.size() && !paused() && !connection_.ending() &&
         connection_.unsent() <= connection_.limits().unsent) {
    const std::span<char> rest = input.subspan(taken);
    const std::size_t used = state_ == State::head ? take_head(rest, budget)
                                                   : take_body({rest.data(), rest.size()}, budget);
    taken += used;
    if (used == 0 || connection_.changing()) break;
  }
  return taken;
}

std::size_t HttpDialect::take_head(std::span<char> input, std::size_t& budget) {
  // An empty line before a request is an old habit of some clients.
  if (input.size() >= 2 && input[0] == '\r' && input[1] == '\n') return 2;
  const std::size_t size = scanner_.scan({input.data(), input.size()});
  const std::size_t limit = connection_.limits().header;
  if (const Refusal refusal = scanner_.refusal()) {
    refuse(refusal.status, refusal.text);
  } else if (size > limit || (size == 0 && input.size() > limit)) {
    refuse(431, "request line and headers are too long");
  } else if (size > 0) {
    return begin_request(input, size, budget);
  } else if (!head_begun_) {
    head_begun_ = connection_.now();
  }
  return 0;
}

std::size_t HttpDialect::begin_request(std::span<char> input,
                                       std::size_t size,
                                       std::size_t& budget) {
  const std::span<char> block = input.first(size);
  const Refusal refusal = head_.parse(block, connection_.limits().headers);
  Request& request = head_.request;
  if (refusal) {
    refuse(refusal.status, refusal.text);
    return 0;
  }
  if (head_.upgrades_websocket && !slots_.empty()) {
    upgrade_waits_ = true;  // what was asked before is answered first
    return 0;
  }
  scanner_.reset();
  head_begun_.reset();
  --budget;
  if (!request.keep_alive) no_more_ = true;
  if (head_.upgrades_websocket) {
    upgrade({block.data(), size});
    return size;
  }
  if (!request.has_body) {
    hand_out(request);
    return size;
  }
  const BodyMode mode = connection_.handler().on_head(connection_, request);
  const std::uint64_t length = request.content_length.value_or(0);
  const std::string_view after{input.data() + size, input.size() - size};
  const bool whole = mode == BodyMode::whole && !head_.chunked;
  if (whole && length <= connection_.limits().body && length <= after.size()) {
    request.body = after.substr(0, length);
    hand_out(request);
    return size + length;
  }
  return begin_body({block.data(), size}, mode);
}

/// The body is not all there, or does not come in one piece: the headers are kept until it is.
std::size_t HttpDialect::begin_body(std::string_view block, BodyMode mode) {
  block_ = block;
  head_.parse(block_, connection_.limits().headers);
  state_ = State::body;
  body_left_ = head_.request.content_length.value_or(0);
  body_come_ = 0;
  body_pace_.reset();
  chunks_ = head_.chunked ? std::make_unique<ChunkReader>() : nullptr;
  invite_ = head_.expects_continue;
  if (mode == BodyMode::streamed) {
    queue_ = std::make_shared<BodyQueue>(connection_.set().loop(), connection_.self());
    Responder responder = new_slot(head_.request);
    slots_.back().streamed = true;
    connection_.handler().on_stream(connection_,
                                    head_.request,
                                    BodyReader(queue_, head_.request.content_length),
                                    std::move(responder));
  } else if (body_left_ > connection_.limits().body) {
    hand_out_oversize();
  } else {
    body_.reserve(std::min<std::size_t>(body_left_, kReserve));
  }
  invite_body();
  return block.size();
}

std::size_t HttpDialect::take_body(std::string_view input, std::size_t& budget) {
  invite_ = false;  // it did not wait for us
  std::string& body = queue_ ? queue_->buffer() : body_;
  const std::size_t used = chunks_ ? take_chunked(input, body) : take_fixed(input, body);
  body_come_ += used;
  if (state_ != State::body) return used;  // it was broken
  if (queue_) {
    queue_->filled();
  } else if (body_.size() > connection_.limits().body) {
    hand_out_oversize();
    return used;
  } else if (!body_share_.resize(body_.size())) {
    refuse(503, "too many large requests are on their way: try again later");
    return used;
  }
  if (chunks_ ? chunks_->done() : body_left_ == 0) body_complete(budget);
  return used;
}

std::size_t HttpDialect::take_fixed(std::string_view input, std::string& body) {
  const auto part =
      input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), body_left_)));
  body += part;
  body_left_ -= part.size();
  return part.size();
}

std::size_t HttpDialect::take_chunked(std::string_view input, std::string& body) {
  const std::size_t used = chunks_->take(input, body);
  if (chunks_->broken()) {
    body_broken(400, "a chunk of the body is malformed");
  } else if (input.size() - used > connection_.limits().header) {
    body_broken(431, "a chunk's head or trailer is too long");
  }
  return used;
}

void HttpDialect::body_complete(std::size_t& budget) {
  state_ = State::head;
  if (queue_) {
    std::exchange(queue_, {})->end();
    maybe_end();
    return;
  }
  if (budget > 0) --budget;
  head_.request.body = body_;
  hand_out(head_.request);
  drop_body();
}

/// The body was handed out, or is not wanted.
void HttpDialect::drop_body() {
  if (body_.capacity() > kKeptCapacity) {
    body_ = std::string();
  } else {
    body_.clear();
  }
  body_share_.resize(0);
}

/// The body cannot be read to its end: whoever reads it is told, or the peer is.
void HttpDialect::body_broken(unsigned status, std::string_view text) {
  if (!queue_) return refuse(status, text);
  std::exchange(queue_, {})
      ->fail(Error{.code = status == 408 ? Errc::timeout : Errc::deserialization,
                   .message = "the request body broke off: " + std::string(text)});
  state_ = State::head;
  no_more_ = linger_ = true;
  maybe_end();
}

Responder HttpDialect::new_slot(const Request& request) {
  Slot& slot = slots_.emplace_back();
  slot.no_body = request.method == "HEAD";
  slot.old = head_.version == 10;
  slot.last = no_more_;
  return Responder(connection_.self(), first_sequence_ + slots_.size() - 1);
}

void HttpDialect::hand_out(const Request& request) {
  Responder responder = new_slot(request);
  connection_.handler().on_request(connection_, request, std::move(responder));
}

void HttpDialect::hand_out_oversize() {
  state_ = State::head;
  drop_body();
  invite_ = false;
  no_more_ = linger_ = true;
  Responder responder = new_slot(head_.request);
  connection_.handler().on_oversize(connection_, head_.request, std::move(responder));
}

/// Answers what is not a request, as the last thing on this connection.
void HttpDialect::refuse(unsigned status, std::string_view text) {
  state_ = State::head;
  drop_body();
  head_begun_.reset();
  no_more_ = linger_ = true;
  Slot& slot = slots_.emplace_back();
  slot.last = true;
  respond(first_sequence_ + slots_.size() - 1, Response::text(status, text));
}

void HttpDialect::upgrade(std::string_view block) {
  const Request& request = head_.request;
  Responder responder = new_slot(request);
  std::optional<Response> refused = check_websocket_request(request);
  if (!refused) refused = connection_.handler().on_upgrade(connection_, request);
  if (refused) return responder.send(*refused);
  write_websocket_accept(connection_.out(), request);
  slots_.clear();
  ++first_sequence_;
  connection_.become(std::make_unique<WebSocketDialect>(connection_), block, request);
}

/// Says "100 Continue" when the body's turn has come.
void HttpDialect::invite_body() {
  if (!invite_ || state_ != State::body) return;
  const bool first = queue_ ? slots_.size() == 1 && queue_->wanted() : slots_.empty();
  if (!first) return;
  invite_ = false;
  connection_.out() += "HTTP/1.1 100 Continue\r\n\r\n";
  connection_.changed();
}

HttpDialect::Slot* HttpDialect::find(std::uint64_t sequence) {
  const std::uint64_t place = sequence - first_sequence_;
  return place < slots_.size() ? &slots_[place] : nullptr;
}

void HttpDialect::append(Slot& slot, std::string_view bytes) {
  if (is_front(slot)) {
    connection_.out() += bytes;
  } else {
    slot.held += bytes;
    held_back_ += bytes.size();
  }
}

void HttpDialect::append_head(Slot& slot, const Response& response, std::uint64_t length) {
  if (connection_.draining() && &slot == &slots_.back()) slot.last = no_more_ = true;
  const bool bodyless = is_bodyless(response.status);
  const Framing framing{.length = bodyless ? std::nullopt : std::optional(length),
                        .close = slot.last,
                        .keep_alive = slot.old && !slot.last};
  std::string& out = is_front(slot) ? connection_.out() : slot.held;
  const std::size_t before = out.size();
  write_head(out, response, framing);
  if (!is_front(slot)) held_back_ += out.size() - before;
  if (bodyless) slot.no_body = true;
}

void HttpDialect::respond(std::uint64_t sequence, const Response& response) {
  Slot* slot = find(sequence);
  if (slot == nullptr || slot->state != Slot::State::waiting) return;
  append_head(*slot, response, response.body.size());
  if (!slot->no_body) append(*slot, response.body);
  complete(*slot);
}

void HttpDialect::respond_file(std::uint64_t sequence,
                               const Response& head,
                               UniqueFd file,
                               std::uint64_t size) {
  Slot* slot = find(sequence);
  if (slot == nullptr || slot->state != Slot::State::waiting) return;
  append_head(*slot, head, size);
  if (slot->no_body || size == 0) return complete(*slot);
  slot->state = Slot::State::file;
  slot->file = std::move(file);
  slot->file_size = size;
  if (is_front(*slot)) promote(*slot);
}

void HttpDialect::complete(Slot& slot) {
  slot.state = Slot::State::done;
  if (is_front(slot)) pump();
  connection_.changed();
}

/// Gives every response its turn that has it now.
void HttpDialect::pump() {
  while (!slots_.empty() && slots_.front().state == Slot::State::done) {
    const bool last = slots_.front().last;
    // An answer before its request was read to the end: the rest is not worth reading.
    const bool early = slots_.front().streamed && slots_.size() == 1 && queue_ != nullptr;
    slots_.pop_front();
    ++first_sequence_;
    if (early) {
      std::exchange(queue_, {})
          ->fail(Error{.code = Errc::cancelled, .message = "the request is answered already"});
      state_ = State::head;
      linger_ = true;
    }
    if (last || early) {
      no_more_ = true;
      slots_.clear();
      held_back_ = 0;
    }
    if (!slots_.empty()) promote(slots_.front());
  }
  upgrade_waits_ = upgrade_waits_ && !slots_.empty();
  invite_body();
  maybe_end();
}

/// The slot is the first now: what it held goes out.
void HttpDialect::promote(Slot& slot) {
  connection_.out() += slot.held;
  held_back_ -= slot.held.size();
  slot.held = std::string();
  if (slot.state == Slot::State::file) {
    connection_.send_file(std::move(slot.file), slot.file_size);
  }
}

void HttpDialect::maybe_end() {
  if (no_more_ && slots_.empty() && state_ == State::head) connection_.end(linger_);
}

void HttpDialect::on_file_sent() {
  if (!slots_.empty()) complete(slots_.front());
}

/// The reader of a streamed body may have begun to ask for it.
void HttpDialect::on_room() {
  if (queue_ && invite_) invite_body();
}

void HttpDialect::end_of_input() {
  if (state_ == State::body) {
    if (queue_) {
      std::exchange(queue_, {})
          ->fail(
              Error{.code = Errc::connection_lost, .message = "the client broke its request off"});
    }
    state_ = State::head;
  }
  no_more_ = true;
  maybe_end();
}

void HttpDialect::close(unsigned, std::string_view) {
  connection_.end(true);
}

void HttpDialect::drain() {
  if (state_ == State::head) {
    no_more_ = true;
    maybe_end();
  }
}

void HttpDialect::check_time(TimePoint now) {
  const Limits& limits = connection_.limits();
  if (state_ == State::body) {
    if (!paused() && passed(now, connection_.last_progress(), limits.stalled)) {
      body_broken(408, "no byte of it came for too long");
    } else if (body_pace_.is_too_slow(
                   now, body_come_, paused(), {limits.stalled, limits.min_rate})) {
      body_broken(408, "it comes too slowly");
    }
  } else if (head_begun_ && !upgrade_waits_) {
    if (passed(now, *head_begun_, limits.header_time)) {
      refuse(408, "the request took too long to arrive");
    }
  } else if (slots_.empty() && passed(now, connection_.last_progress(), limits.idle)) {
    connection_.end(false);
  }
}

void HttpDialect::on_gone() {
  if (queue_) {
    queue_->fail(Error{.code = Errc::connection_lost, .message = "the connection is lost"});
  }
}

}  // namespace engine::http
