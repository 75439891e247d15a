#include "rpc/request.hh"

#include <fmt/format.h>

namespace engine::rpc {
namespace {

tl::unexpected<Error> not_served(std::string_view protocol) {
  return fail(Error{
      .code = Errc::invalid_request,
      .message = fmt::format("this is a {} request; that protocol is not served yet", protocol),
      .hint = "send JSON-RPC: {\"id\":1,\"method\":\"server.info\",\"params\":{}}"});
}

/// Fills a Request, or says what is wrong with the envelope.
Result<> read_request(const Envelope& envelope, Incoming& out) {
  if (!envelope.is_object) return fail(Errc::invalid_request, "a request must be an object");
  const Slice& method = envelope[Member::method];
  const Slice& params = envelope[Member::params];
  const Slice& id = envelope[Member::id];
  if (method.kind == Kind::absent) return fail(Errc::invalid_request, "`method` is missing");
  if (method.kind != Kind::string) return fail(Errc::invalid_request, "`method` must be a string");
  if (id.kind == Kind::boolean || id.kind == Kind::object || id.kind == Kind::array) {
    return fail(Errc::invalid_request, "`id` must be a string, a number or null");
  }
  std::string storage;
  Request request{.method = unquote(method.text, storage)};
  if (!storage.empty()) request.method = out.unquoted.emplace_back(std::move(storage));
  if (params.kind != Kind::absent && params.kind != Kind::null) request.params = params.text;
  if (id.kind != Kind::absent) request.id = id.text;
  out.requests.push_back(request);
  return {};
}

Result<> read_batch(Incoming& out) {
  out.batch = true;
  for (const Envelope& envelope : out.envelopes.items) {
    if (Result<> read = read_request(envelope, out); !read) {
      const std::size_t at = out.requests.size();
      return fail(std::move(read).error().context(fmt::format("batch member {}", at)));
    }
  }
  return {};
}

Result<> read_object(Incoming& out) {
  const Envelope& envelope = out.envelopes.items.front();
  if (envelope[Member::protocol_version].kind != Kind::absent ||
      envelope[Member::request].kind != Kind::absent) {
    out.protocol = Protocol::xrat;
    return not_served("supervisor (xrat)");
  }
  if (envelope.spacedrive) {
    out.protocol = Protocol::spacedrive;
    return not_served("Spacedrive");
  }
  return read_request(envelope, out);
}

Result<> read_line(std::string_view line, std::size_t max_depth, Incoming& out) {
  TRY(slice_envelopes(line, max_depth, out.envelopes));
  switch (out.envelopes.root) {
    case Kind::object:
      return read_object(out);
    case Kind::array:
      return read_batch(out);
    case Kind::string:
      out.protocol = Protocol::spacedrive;
      return not_served("Spacedrive");
    default:
      return fail(Errc::invalid_request, "a request must be an object or an array of objects");
  }
}

}  // namespace

void decode(std::string_view line, Incoming& out, std::size_t max_depth) {
  out.protocol = Protocol::json_rpc;
  out.batch = false;
  out.requests.clear();
  out.unquoted.clear();
  out.status = read_line(line, max_depth, out);
  if (!out.status) {
    out.requests.clear();
    out.batch = false;
  }
}

}  // namespace engine::rpc
