#include "net/line_framer.hh"

#include <cstring>

namespace engine::net {
namespace {

constexpr std::size_t kKeptCapacity = 64UL << 10U;
constexpr std::size_t kNone = std::string_view::npos;

std::size_t find_line_end(std::string_view text, std::size_t from = 0) {
  if (from >= text.size()) return kNone;
  const void* found = std::memchr(text.data() + from, '\n', text.size() - from);
  return found == nullptr ? kNone
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

void LineFramer::feed(std::string_view chunk) {
  chunk_ = chunk;
  more_ = true;
}

void LineFramer::end_of_input() {
  ended_ = true;
  more_ = true;
}

LineFramer::Event LineFramer::next() {
  drop_given_line();
  while (true) {
    Event event = Event::need_more;
    if (skipping_) {
      event = skip_to_line_end();
      if (event == Event::need_more && !skipping_) continue;
    } else if (begin_ < store_.size()) {
      event = from_store();
    } else if (!chunk_.empty()) {
      event = from_chunk();
    }
    if (event != Event::need_more) return event;
    if (chunk_.empty() && (begin_ == store_.size() || searched_ == store_.size() - begin_)) break;
  }
  if (ended_ && begin_ < store_.size()) {
    const std::string_view rest = std::string_view(store_).substr(begin_);
    begin_ = store_.size();
    if (const Event event = give(rest); event != Event::need_more) return event;
  }
  more_ = false;
  return Event::need_more;
}

void LineFramer::park() {
  if (chunk_.empty()) return;
  store_.erase(0, begin_);
  begin_ = 0;
  store_.append(chunk_);
  chunk_ = {};
}

/// The line given last may have been all of store_: its memory can go now.
void LineFramer::drop_given_line() {
  if (begin_ == 0 || begin_ != store_.size()) return;
  if (store_.capacity() > kKeptCapacity) {
    store_ = std::string();
  } else {
    store_.clear();
  }
  begin_ = 0;
  searched_ = 0;
}

bool LineFramer::too_long(std::string_view line) const {
  return line.size() > limits_.line && line.size() - (line.ends_with('\r') ? 1 : 0) > limits_.line;
}

/// Makes `line` the next one; need_more if it is empty.
LineFramer::Event LineFramer::give(std::string_view line) {
  if (too_long(line)) return Event::oversize;
  if (line.ends_with('\r')) line.remove_suffix(1);
  line_ = line;
  return line.empty() ? Event::need_more : Event::line;
}

LineFramer::Event LineFramer::skip_to_line_end() {
  const bool stored = begin_ < store_.size();
  const std::string_view input = stored ? std::string_view(store_).substr(begin_) : chunk_;
  const std::size_t end = find_line_end(input);
  const std::size_t used = end == kNone ? input.size() : end + 1;
  if (stored) {
    begin_ += used;
    searched_ = 0;
    drop_given_line();
  } else {
    chunk_.remove_prefix(used);
  }
  skipped_ += used;
  if (end != kNone) skipping_ = false;
  return skipped_ > limits_.skip ? Event::exhausted : Event::need_more;
}

LineFramer::Event LineFramer::from_store() {
  const std::string_view stored = std::string_view(store_).substr(begin_);
  if (const std::size_t end = find_line_end(stored, searched_); end != kNone) {
    begin_ += end + 1;
    searched_ = 0;
    const Event event = give(stored.substr(0, end));
    if (event == Event::need_more) drop_given_line();
    return event;
  }
  searched_ = stored.size();
  const std::size_t end = find_line_end(chunk_);
  if (end == kNone) return keep_chunk();
  if (stored.size() + end > limits_.line + 1) {
    chunk_.remove_prefix(end + 1);
    begin_ = store_.size();
    searched_ = 0;
    return Event::oversize;
  }
  store_.append(chunk_.substr(0, end));
  chunk_.remove_prefix(end + 1);
  const std::string_view line = std::string_view(store_).substr(begin_);
  begin_ = store_.size();
  searched_ = 0;
  return give(line);
}

LineFramer::Event LineFramer::from_chunk() {
  const std::size_t end = find_line_end(chunk_);
  if (end == kNone) return keep_chunk();
  const std::string_view line = chunk_.substr(0, end);
  chunk_.remove_prefix(end + 1);
  return give(line);
}

/// The chunk ends inside a line: keeps it, or begins to skip when the line is too long already.
LineFramer::Event LineFramer::keep_chunk() {
  if (store_.size() - begin_ + chunk_.size() > limits_.line + 1) {
    skipping_ = true;
    skipped_ = store_.size() - begin_ + chunk_.size();
    begin_ = store_.size();
    searched_ = 0;
    drop_given_line();
    chunk_ = {};
    return Event::oversize;
  }
  park();
  searched_ = store_.size() - begin_;
  return Event::need_more;
}

}  // namespace engine::net
