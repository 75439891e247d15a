#include "json/reader.hh"
#include "rpc/encode.hh"
#include "rpc/message.hh"
#include "rpc/request.hh"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace rpc = engine::rpc;

/// Whatever comes in, what we answer is a well-formed response with well-formed parts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  rpc::Message message;
  (void)rpc::decode_message(line, message);

  rpc::Incoming incoming;
  rpc::decode(line, incoming);
  std::string answer;
  if (!incoming.status) {
    if (!incoming.requests.empty()) std::abort();
    rpc::encode_error(answer, "null", incoming.status.error());
    if (!rpc::decode_message(answer, message)) std::abort();
  }
  for (const rpc::Request& request : incoming.requests) {
    answer.clear();
    rpc::encode_result(answer, request.id, request.params);
    if (!rpc::decode_message(answer, message) || message.id != request.id ||
        message.result != request.params) {
      std::abort();
    }
    answer.clear();
    rpc::encode_request(answer, request.method, request.params, request.id);
    rpc::Incoming again;
    rpc::decode(answer, again);
    if (!again.status || again.requests.at(0).method != request.method) std::abort();
  }
  return 0;
}
