#include "http/line_dialect.hh"

#include "http/connection_set.hh"

namespace engine::http {
LineDialect::LineDialect(Connection& connection)
    : connection_(connection),
      framer_(connection.limits().framer),
      line_share_(connection.set().half_read()) {}

bool LineDialect::paused() const {
  return draining_ || in_flight_ >= connection_.limits().in_flight;
}

std::size_t LineDialect::take(std::span<char> input, std::size_t& budget) {
  const bool fed = !framer_.has_unread() && !input.empty();
  if (fed) framer_.feed({input.data(), input.size()});
  while (budget > 0 && framer_.has_unread() && !paused() && !connection_.ending() &&
         connection_.unsent() <= connection_.limits().unsent) {
    const net::LineFramer::Event event = framer_.next();
    if (event == net::LineFramer::Event::need_more) break;
    if (event == net::LineFramer::Event::exhausted) {
      connection_.end(true);
      break;
    }
    --budget;
    ++in_flight_;
    line_pace_.reset();
    Answer answer(connection_.self());
    if (event == net::LineFramer::Event::line) {
      connection_.handler().on_line(connection_, framer_.line(), std::move(answer));
    } else {
      connection_.handler().on_oversize_line(connection_, std::move(answer));
    }
  }
  framer_.park();
  if (!line_share_.resize(framer_.kept())) give_up();
  maybe_end();
  return fed ? input.size() : 0;
}

void LineDialect::end_of_input() {
  ended_ = true;
  framer_.end_of_input();
}

void LineDialect::send(std::string_view text) {
  connection_.out().append(text).append("\n");
}

void LineDialect::answer(const std::string_view* text) {
  --in_flight_;
  if (text != nullptr) send(*text);
  maybe_end();
  connection_.changed();
}

void LineDialect::close(unsigned, std::string_view) {
  connection_.end(true);
}

void LineDialect::drain() {
  draining_ = true;
  maybe_end();
}

/// There is no room for the line that has begun: the others shall have what it held at once.
void LineDialect::give_up() {
  framer_ = net::LineFramer(connection_.limits().framer);
  line_share_.resize(0);
  connection_.end(true);
}

void LineDialect::maybe_end() {
  const bool no_more = draining_ || (ended_ && !framer_.has_unread());
  if (no_more && in_flight_ == 0) connection_.end(false);
}

void LineDialect::check_time(TimePoint now) {
  const Limits& limits = connection_.limits();
  const bool busy = in_flight_ > 0 || framer_.has_unread();
  const bool inside = framer_.inside_line() && limits.stalled_line.count() > 0;
  if (!framer_.inside_line()) line_pace_.reset();
  const bool stands_still = !busy && passed(now, connection_.last_input(), limits.stalled_line);
  if (inside && (stands_still ||
                 line_pace_.is_too_slow(
                     now, framer_.begun(), paused(), {limits.stalled_line, limits.min_rate}))) {
    connection_.handler().on_unfinished_line(connection_);
    connection_.end(true);
  } else if (!busy && passed(now, connection_.last_progress(), limits.idle_lines) &&
             connection_.handler().on_idle_lines(connection_)) {
    connection_.end(false);
  }
}

}  // namespace engine::http
