#include "rpc/answer.hh"

#include "rpc/spacedrive.hh"
#include "rpc/xrat.hh"

namespace engine::rpc {

AnswerForm answer_form(const Incoming& incoming, const Request& request) {
  return {.protocol = incoming.protocol, .verb = request.verb, .id = std::string(request.id)};
}

AnswerForm failure_form(const Incoming& incoming) {
  return {.protocol = incoming.protocol,
          .verb = incoming.failure_verb,
          .id = std::string(incoming.failure_id)};
}

void encode_answer(std::string& out, const AnswerForm& form, std::string_view result) {
  switch (form.protocol) {
    case Protocol::json_rpc:
      return encode_result(out, form.id, result);
    case Protocol::xrat:
      return encode_xrat_result(out, form, result);
    case Protocol::spacedrive:
      return encode_spacedrive_result(out, form, result);
  }
}

void encode_failure(std::string& out,
                    const AnswerForm& form,
                    const Error& error,
                    const ErrorText& text) {
  switch (form.protocol) {
    case Protocol::json_rpc:
      return encode_error(out, form.id, error, text);
    case Protocol::xrat:
      return encode_xrat_error(out, form, error);
    case Protocol::spacedrive:
      return encode_spacedrive_error(out, error);
  }
}

std::string push_in(Protocol protocol, std::string line) {
  switch (protocol) {
    case Protocol::json_rpc:
      break;
    case Protocol::xrat:
      return xrat_push(line);
    case Protocol::spacedrive:
      return spacedrive_push(line);
  }
  return line;
}

}  // namespace engine::rpc
