#pragma once

#include "base/result.hh"
#include "rpc/encode.hh"
#include "rpc/request.hh"

#include <string>
#include <string_view>

namespace engine::rpc {

/// How the answer to one request has to look. Value type; outlives the line.
struct AnswerForm {
  Protocol protocol = Protocol::json_rpc;
  Verb verb = Verb::call;
  std::string id = "null";  ///< JSON text
  bool deprecated = false;  ///< a warning goes with it, where the protocol has a place for one

  /// Whether the protocol wants the connection closed after this answer.
  [[nodiscard]] bool closes() const {
    return protocol == Protocol::spacedrive && verb != Verb::subscribe &&
           verb != Verb::subscribe_logs;
  }
  /// Whether the answer is known without asking anybody.
  [[nodiscard]] bool answers_itself() const {
    return verb == Verb::unsubscribe || verb == Verb::unsubscribe_logs;
  }
};

/// The form of the answer to `request`, or to a line that held none.
AnswerForm answer_form(const Incoming& incoming, const Request& request);
AnswerForm failure_form(const Incoming& incoming);

/// Append one document in the protocol of the request. `result` is JSON text on one line.
void encode_answer(std::string& out, const AnswerForm& form, std::string_view result);
void encode_failure(std::string& out,
                    const AnswerForm& form,
                    const Error& error,
                    const ErrorText& text = {});

/// The notification `line` of this daemon (docs/rpc.md, events) in the words of another protocol.
/// Empty where that has none for it.
std::string push_in(Protocol protocol, std::string line);

}  // namespace engine::rpc
