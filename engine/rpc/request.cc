#include "rpc/request.hh"

#include "rpc/spacedrive.hh"
#include "rpc/xrat.hh"

#include <fmt/format.h>

#include <charconv>

namespace engine::rpc {

Result<std::string_view> read_text(const Slice& slice, std::string_view name, Incoming& out) {
  if (slice.kind == Kind::absent || slice.kind == Kind::null) return std::string_view();
  if (slice.kind != Kind::string) {
    return fail(Errc::invalid_request, fmt::format("`{}` must be a string", name));
  }
  std::string storage;
  std::string_view text = unquote(slice.text, storage);
  if (!storage.empty()) text = out.texts.emplace_back(std::move(storage));
  return text;
}

namespace {

constexpr std::size_t kLongestOption = 64;

Result<std::string_view> read_option(const Slice& slice, std::string_view name, Incoming& out) {
  TRY_ASSIGN(const std::string_view text, read_text(slice, name, out));
  if (text.size() <= kLongestOption) return text;
  return fail(Errc::invalid_request, fmt::format("`{}` may have {} bytes", name, kLongestOption));
}

Result<std::uint32_t> read_deadline(const Slice& slice) {
  if (slice.kind == Kind::absent || slice.kind == Kind::null) return 0U;
  std::uint32_t value = 0;
  const char* end = slice.text.data() + slice.text.size();
  const auto [stop, problem] = std::from_chars(slice.text.data(), end, value);
  if (slice.kind == Kind::number && stop == end && problem == std::errc() && value > 0)
    return value;
  return fail(Errc::invalid_request,
              "`deadline_ms` must be a whole number of milliseconds above 0");
}

/// What few requests say.
Result<> read_options(const Envelope& envelope, Request& request, Incoming& out) {
  TRY_ASSIGN(request.locale, read_option(envelope[Member::locale], "locale", out));
  TRY_ASSIGN(request.trace, read_option(envelope[Member::trace], "trace", out));
  TRY_ASSIGN(request.idempotency_key,
             read_option(envelope[Member::idempotency_key], "idempotency_key", out));
  TRY_ASSIGN(request.deadline_ms, read_deadline(envelope[Member::deadline_ms]));
  return {};
}

}  // namespace

Result<> read_call(const Envelope& envelope, Incoming& out) {
  if (!envelope.is_object) return fail(Errc::invalid_request, "a request must be an object");
  const Slice& method = envelope[Member::method];
  const Slice& params = envelope[Member::params];
  const Slice& id = envelope[Member::id];
  if (method.kind == Kind::absent) return fail(Errc::invalid_request, "`method` is missing");
  if (method.kind != Kind::string) return fail(Errc::invalid_request, "`method` must be a string");
  if (id.kind == Kind::boolean || id.kind == Kind::object || id.kind == Kind::array) {
    return fail(Errc::invalid_request, "`id` must be a string, a number or null");
  }
  Request request;
  TRY_ASSIGN(request.method, read_text(method, "method", out));
  if (params.kind != Kind::absent && params.kind != Kind::null) request.params = params.text;
  if (id.kind != Kind::absent) request.id = id.text;
  if (envelope.options) TRY(read_options(envelope, request, out));
  out.requests.push_back(request);
  return {};
}

namespace {

Result<> read_batch(Incoming& out) {
  out.batch = true;
  for (const Envelope& envelope : out.envelopes.items) {
    if (Result<> read = read_call(envelope, out); !read) {
      const std::size_t at = out.requests.size();
      return fail(std::move(read).error().context(fmt::format("batch member {}", at)));
    }
  }
  return {};
}

Result<> read_object(std::string_view line, Incoming& out) {
  const Envelope& envelope = out.envelopes.items.front();
  if (envelope[Member::protocol_version].kind != Kind::absent ||
      envelope[Member::request].kind != Kind::absent) {
    out.protocol = Protocol::xrat;
    return read_xrat(envelope, out);
  }
  if (envelope.spacedrive) {
    out.protocol = Protocol::spacedrive;
    return read_spacedrive(line, out);
  }
  return read_call(envelope, out);
}

Result<> read_line(std::string_view line, std::size_t max_depth, Incoming& out) {
  TRY(slice_envelopes(line, max_depth, out.envelopes));
  switch (out.envelopes.root) {
    case Kind::object:
      return read_object(line, out);
    case Kind::array:
      return read_batch(out);
    case Kind::string:
      out.protocol = Protocol::spacedrive;
      return read_spacedrive(line, out);
    default:
      return fail(Errc::invalid_request, "a request must be an object or an array of objects");
  }
}

}  // namespace

void decode(std::string_view line, Incoming& out, std::size_t max_depth) {
  out.protocol = Protocol::json_rpc;
  out.batch = false;
  out.requests.clear();
  out.texts.clear();
  out.failure_id = "null";
  out.failure_verb = Verb::call;
  out.status = read_line(line, max_depth, out);
  if (!out.status) {
    out.requests.clear();
    out.batch = false;
  }
}

}  // namespace engine::rpc
