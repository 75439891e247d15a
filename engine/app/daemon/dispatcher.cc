#include "app/daemon/dispatcher.hh"

#include "app/daemon/batch.hh"
#include "rpc/params.hh"

#include <algorithm>
#include <vector>

namespace engine::app {
namespace {

/// Names errors in the caller's language; by default in English.
struct Labels {
  std::shared_ptr<const Generation> generation;
  std::string locale;

  [[nodiscard]] std::string_view of(Errc code) const {
    return generation == nullptr ? std::string_view() : generation->label(locale, code);
  }
};

/// `de_CH` is served by `de_DE` where there is no better.
Labels labels_for(const std::shared_ptr<const Generation>& generation, std::string_view locale) {
  if (locale.empty()) return {};
  if (generation->labels.contains(locale)) return {generation, std::string(locale)};
  const std::string_view language = locale.substr(0, locale.find('_'));
  for (const auto& [known, names] : generation->labels) {
    if (known.starts_with(language) && known[language.size()] == '_') return {generation, known};
  }
  return {};
}

LineReply failure(const rpc::AnswerForm& form, const Error& error, const Labels& labels = {}) {
  LineReply reply;
  rpc::encode_failure(reply.text, form, error, {.label = labels.of(error.code)});
  reply.close = form.closes();
  return reply;
}

LineReply success(const rpc::AnswerForm& form, std::string_view result) {
  LineReply reply;
  reply.text.reserve(result.size() + form.id.size() + 40);
  rpc::encode_answer(reply.text, form, result);
  reply.close = form.closes();
  return reply;
}

/// Encodes what came of a call and answers with it.
auto encoding(rpc::AnswerForm form, bool has_head, Labels labels, LineAnswer answer) {
  return [form = std::move(form), has_head, labels = std::move(labels), answer = std::move(answer)](
             Result<std::string> result, ResponseHead head) mutable {
    LineReply line = result ? success(form, *result) : failure(form, result.error(), labels);
    if (has_head) line.heads.push_back(std::move(head));
    answer(std::move(line));
  };
}

/// A raised error that is not an error table is the script's own fault (a C++ exception the
/// engine's), and so is to run past a deadline that the caller did not lower: the author gets the
/// traceback, the caller a correlation id.
bool is_fault_of_script(const Error& error, bool own_deadline) {
  return !error.debug.empty() && (error.code == Errc::script || error.code == Errc::internal ||
                                  (error.code == Errc::timeout && own_deadline));
}

template <typename F>
auto recording(FailureTable& failures,
               Metrics::Counters& counters,
               TimePoint begun,
               bool own_deadline,
               F&& reply) {
  return [&failures, &counters, begun, own_deadline, reply = std::forward<F>(reply)](
             Result<std::string> result, ResponseHead head) mutable {
    Metrics::count(counters, read_clock() - begun, result ? nullptr : &result.error().code);
    if (!result && is_fault_of_script(result.error(), own_deadline)) {
      result = fail(failures.record(Metrics::method_of(counters), result.error()));
    }
    reply(std::move(result), std::move(head));
  };
}

bool begins_array(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && line[begin] == '[';
}

/// The method of a call, or why there is none for it; `absence`: why any may be missing.
Result<const rpc::Method*> find_method(const rpc::MethodTable* table,
                                       const rpc::Request& call,
                                       const std::string& absence) {
  const rpc::Method* method =
      table == nullptr ? nullptr : table->find(call.method, call.allow_latest);
  // Who sent a kind of the supervisor's named no method.
  const bool hinted = table != nullptr && call.verb != rpc::Verb::xrat_kind;
  if (method == nullptr) {
    return fail(Error{.code = Errc::method_not_found,
                      .message = {},
                      .hint = hinted && absence.empty() ? table->hint(call.method) : absence});
  }
  if (call.required == rpc::CallClass::any ||
      method->read_only == (call.required == rpc::CallClass::query)) {
    return method;
  }
  return fail(Error{.code = Errc::method_not_found,
                    .message = {},
                    .hint = "it is " + std::string(method->read_only ? "a query" : "an action") +
                            ": '" + method->wire + "'"});
}

Milliseconds deadline_of(const rpc::Method& method, const rpc::Request& call) {
  if (call.deadline_ms == 0) return method.deadline;
  return std::min(method.deadline, Milliseconds(call.deadline_ms));
}

/// `locale` is empty where the caller's own one applies.
std::unique_ptr<const RequestExtras> extras_of(const rpc::Request& call, std::string_view locale) {
  if (locale.empty() && call.idempotency_key.empty() && call.trace.empty()) return {};
  return std::make_unique<RequestExtras>(
      RequestExtras{.locale = std::string(locale),
                    .idempotency_key = std::string(call.idempotency_key),
                    .trace = std::string(call.trace)});
}

/// Runs `reply` on the loop the request came from.
Reply reply_on(loop::Loop& back, Reply reply) {
  return [&back, reply = std::move(reply)](Result<std::string> result, ResponseHead head) mutable {
    back.post([result = std::move(result),
               head = std::move(head),
               reply = std::move(reply)]() mutable { reply(std::move(result), std::move(head)); });
  };
}

}  // namespace

std::string Dispatcher::oversize_answer() const {
  return failure({},
                 {.code = Errc::request_too_large,
                  .message = "a message may have " + std::to_string(limits_.message) + " bytes",
                  .hint = "send large content as a file and name its path"})
      .text;
}

rpc::Protocol Dispatcher::handle_line(ScriptLoop& worker,
                                      const std::shared_ptr<const Caller>& caller,
                                      std::string_view line,
                                      LineAnswer answer) {
  if (begins_array(line)) {
    const auto batch = std::make_shared<Batch>(*this, worker, caller, line, std::move(answer));
    remember(caller->connection, batch);
    batch->run();
    return rpc::Protocol::json_rpc;
  }
  // One decoder a thread: its vectors keep their capacity from line to line.
  thread_local rpc::Incoming incoming;
  rpc::decode(line, incoming, limits_.nesting);
  const rpc::Protocol protocol = incoming.protocol;
  if (!incoming.status) {
    answer(failure(rpc::failure_form(incoming), incoming.status.error()));
    return protocol;
  }
  const rpc::Request& call = incoming.requests.front();
  handle_call(worker, caller, call, rpc::answer_form(incoming, call), std::move(answer));
  return protocol;
}

void Dispatcher::handle_call(ScriptLoop& worker,
                             const std::shared_ptr<const Caller>& caller,
                             const rpc::Request& call,
                             rpc::AnswerForm form,
                             LineAnswer answer) {
  const LoadedVm* loaded = worker.current();
  if (loaded == nullptr) {
    if (call.method == "state") return answer(success(form, "\"initializing\""));
    return answer(failure(form,
                          {.code = Errc::uninitialized,
                           .message = "the daemon is still starting",
                           .hint = "try again in a moment"}));
  }
  if (form.answers_itself()) return answer(success(form, "null"));
  const std::string_view locale =
      call.locale.empty() && caller->locale.empty() ? default_locale.get() : call.locale;
  Labels labels = labels_for(loaded->generation, locale.empty() ? caller->locale : locale);
  const LoadedTree* tree = loaded->tree(caller->context);
  auto found = find_method(tree == nullptr ? nullptr : tree->methods.get(), call, absence_);
  if (Result<> fits = found ? check_call(call, **found) : fail(found.error()); !fits) {
    return answer(failure(form, fits.error(), labels));
  }
  const rpc::Method* method = *found;
  form.deprecated = method->deprecated;
  if (method->deprecated) warn_deprecated(*method);
  Request request{.caller = caller,
                  .method = method->name,
                  .params = {},
                  .deadline = deadline_of(*method, call),
                  .extras = extras_of(call, locale),
                  .begun = recent_clock()};
  auto reply =
      encoding(std::move(form), has_response_head(*caller), std::move(labels), std::move(answer));
  const auto run = [&](auto&& ended) {
    Reply recorded = recording(failures_,
                               counters_of(*tree, *method),
                               request.begun,
                               request.deadline == method->deadline,
                               std::forward<decltype(ended)>(ended));
    route(worker, *tree, *method, std::move(request), call.params, std::move(recorded));
  };
  // What a login gives is a secret, and kept nowhere.
  if (call.idempotency_key.empty() || method->read_only ||
      method->metadata.boolean_or("login", false)) {
    return run(std::move(reply));
  }
  auto admitted = idempotency_.admit(
      *caller, call.idempotency_key, method->name, call.params, worker.loop(), std::move(reply));
  if (!admitted) return;
  if (!admitted->repeat) return run(std::move(admitted->reply));
  auto extras = std::make_unique<RequestExtras>(*request.extras);
  extras->gate_only = true;
  request.extras = std::move(extras);
  route(worker, *tree, *method, std::move(request), call.params, std::move(admitted->reply));
}

Result<> Dispatcher::check_call(const rpc::Request& call, const rpc::Method& method) const {
  if (!call.instance.empty() && call.instance != instance_) {
    return fail(Error{
        .code = Errc::not_found,
        .message = "this is instance '" + instance_ + "', not '" + std::string(call.instance) + "'",
        .hint = "every instance has a socket of its own"});
  }
  if (method.max_params != 0 && call.params.size() > method.max_params) {
    return fail(Error{.code = Errc::request_too_large,
                      .message = "the parameters of " + method.name + " may have " +
                                 std::to_string(method.max_params) + " bytes, not " +
                                 std::to_string(call.params.size())});
  }
  if (const std::string member = rpc::reserved_member(call.params); !member.empty()) {
    return fail(Errc::invalid_params,
                "params: '" + member + "': names that begin with __ are not for callers");
  }
  return {};
}

void Dispatcher::warn_deprecated(const rpc::Method& method) {
  {
    const std::lock_guard lock(deprecated_mutex_);
    if (!deprecated_.insert(method.wire).second) return;
  }
  if (on_deprecated) on_deprecated(method);
}

void Dispatcher::remember(std::uint64_t connection, const std::shared_ptr<Batch>& batch) {
  const std::lock_guard lock(batches_mutex_);
  auto& known = batches_[connection];
  std::erase_if(known, [](const auto& one) { return one.expired(); });
  known.push_back(batch);
}

void Dispatcher::cancel_connection(ScriptLoop& worker, std::uint64_t connection) {
  decltype(batches_)::node_type gone;
  {
    const std::lock_guard lock(batches_mutex_);
    gone = batches_.extract(connection);
  }
  if (gone) {
    for (const auto& one : gone.mapped()) {
      if (const auto batch = one.lock()) batch->stop();
    }
  }
  worker.cancel_connection(connection);
  control_.cancel_connection(connection);
  pool_.cancel_connection(connection);
}

Metrics::Counters& Dispatcher::counters_of(const LoadedTree& tree, const rpc::Method& method) {
  Metrics::Counters*& known = tree.counters[method.index];
  if (known == nullptr) known = &metrics_.counters(method.name);
  return *known;
}

void Dispatcher::route(ScriptLoop& worker,
                       const LoadedTree& tree,
                       const rpc::Method& method,
                       Request request,
                       std::string_view params,
                       Reply reply) {
  switch (method.kind) {
    case rpc::HandlerKind::fn:
    case rpc::HandlerKind::async:
      return worker.execute(tree, method, request, params, std::move(reply));
    case rpc::HandlerKind::async_local:
      request.params = params;
      return control_.submit(std::move(request), reply_on(worker.loop(), std::move(reply)));
    case rpc::HandlerKind::blocking:
      request.params = params;
      return pool_.execute(worker.current()->generation,
                           std::move(request),
                           reply_on(worker.loop(), std::move(reply)));
  }
}

}  // namespace engine::app
