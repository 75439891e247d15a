#include "app/daemon/script_loop.hh"

#include "app/daemon/failure_table.hh"
#include "app/daemon/tracer.hh"
#include "base/log.hh"
#include "script/convert.hh"

#include <algorithm>

namespace engine::app {
namespace {

// Makers of runners that few calls need.
constexpr const char* kTraced = "return require('core.script.traced').runner(...)";
constexpr const char* kGate = R"(
local root, context, method = ...
return require('lib.rpc.server').gate(require(root), context, method))";

constexpr Milliseconds kSweepEvery{1'000};

/// Fills `into` from the table context → method → function that the scripts gave.
void take_runners(lua_State* state,
                  const Generation& generation,
                  const script::Ref& loaded,
                  LoadedVm& into) {
  loaded.push(state);
  for (const auto& [context, table] : generation.tables) {
    LoadedTree& tree = into.trees[context];
    tree.methods = table;
    lua_getfield(state, -1, context.c_str());
    for (const rpc::Method& method : table->methods()) {
      script::push_string(state, method.name);
      lua_pushvalue(state, -1);
      tree.names.push_back(script::Ref::pop(state));
      lua_rawget(state, -2);
      tree.runners.push_back(script::Ref::pop(state));
    }
    tree.counters.resize(tree.names.size());
    lua_pop(state, 1);
    lua_createtable(state, 0, 1);
    script::push_string(state, context);
    lua_setfield(state, -2, "name");
    tree.plain_context = script::Ref::pop(state);
  }
  lua_pop(state, 1);
}

std::string place_of(const rpc::Method& method) {
  return method.file + ':' + std::to_string(method.line);
}

/// What a script raised always has a traceback: that tells it from an error it returned. Where it
/// names no place, as when compiled code ran out of memory, it names at least the handler's.
Error raised(Error error, const rpc::Method& method) {
  if (error.code != Errc::script) return error;
  if (error.debug.empty()) {
    error.debug = "it was raised by a tail call: the functions above have left the stack";
  }
  if (!find_place(error.debug) && !find_place(error.message)) {
    error.debug += "\nthe handler: " + place_of(method);
  }
  return error;
}

/// A result without a JSON form is its handler's mistake, and the author has to hear of it.
Error unwritable(const Error& why, const rpc::Method& method) {
  return {.code = Errc::internal,
          .message = "the result cannot be written: " + why.message,
          .debug = "the handler: " + place_of(method)};
}

/// The answer of a runner: a value, or `nil, err`.
Result<std::string> take_answer(script::Outcome& outcome, const rpc::Method& method) {
  if (!outcome.status) {
    if (outcome.entered || outcome.status.error().code != Errc::script) {
      return fail(raised(std::move(outcome.status).error(), method));
    }
    return fail(Error{.code = Errc::request_too_large,
                      .message = "params: there is no room for them in a script's memory",
                      .hint = "send large content as a file and name its path"});
  }
  if (outcome.results == 0) return std::string("null");
  const int first = lua_gettop(outcome.state) - outcome.results + 1;
  if (outcome.results >= 2 && lua_isnil(outcome.state, first) &&
      !lua_isnil(outcome.state, first + 1)) {
    return fail(script::to_error(outcome.state, first + 1));
  }
  if (lua_isnil(outcome.state, first)) return std::string("null");
  auto text = script::to_json(outcome.state, first);
  if (!text) return fail(unwritable(text.error(), method));
  return text;
}

ResponseHead take_head(const std::shared_ptr<script::Ref>& call, lua_State* state) {
  if (!call || !*call || state == nullptr) return {};
  call->push(state);
  ResponseHead head = read_response_head(state, lua_gettop(state));
  lua_pop(state, 1);
  return head;
}

script::Limits limits_of(const rpc::Method& method, const Request& request) {
  // A client that gave a key may come back for the result.
  const bool goes_on =
      method.detached || (request.extras && !request.extras->idempotency_key.empty());
  return {.deadline = request.deadline,
          .slice = std::min(request.deadline, Milliseconds(5'000)),
          .owner = goes_on ? 0 : request.caller->connection,
          .begun = request.begun};
}

/// Pushes the call and its parameters, or an error. [-0, +2 or +1]
bool push_arguments(lua_State* state,
                    const CallParts& parts,
                    const rpc::Method& method,
                    const Request& request,
                    std::string_view params) {
  Result<> pushed = push_call(state, parts, request);
  if (pushed) pushed = script::push_json(state, params, method.raw_params);
  if (!pushed) script::push_error(state, pushed.error());
  return pushed.has_value();
}

}  // namespace

const LoadedTree* LoadedVm::tree(std::string_view context) const {
  if (recent_ != nullptr && recent_->first == context) return &recent_->second;
  const auto found = trees.find(context);
  if (found == trees.end()) return nullptr;
  recent_ = &*found;
  return &recent_->second;
}

ScriptLoop::ScriptLoop(std::string name,
                       const script::Services& services,
                       std::span<const script::Module> modules,
                       std::size_t memory)
    : loop_(std::move(name)),
      services_(services),
      modules_(modules),
      memory_(memory),
      sweep_timer_(loop_) {
  loop_.post([this] { stopper_.bind(); });
}

ScriptLoop::~ScriptLoop() {
  if (thread_.joinable()) stop_thread();
}

void ScriptLoop::start_thread() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), loop_.name().substr(0, 15).c_str());
    loop_.run();
    close();
  });
}

void ScriptLoop::stop_thread() {
  // A thread that has not come as far as running its loop would miss the stop.
  loop_.post([this] { loop_.stop(); });
  loop_.stop();
  if (thread_.joinable()) thread_.join();
}

void ScriptLoop::close() {
  stopper_.release();
  sweep_timer_.cancel();
  prepared_.reset();
  current_.reset();
  retired_.clear();
}

Result<std::unique_ptr<LoadedVm>> ScriptLoop::build(std::shared_ptr<const Generation> generation) {
  const script::Live before = script::live();
  auto loaded = std::make_unique<LoadedVm>();
  TRY_ASSIGN(loaded->vm,
             script::Vm::create(loop_,
                                services_,
                                modules_,
                                {.name = loop_.name(),
                                 .memory_limit = memory_,
                                 .keep_memory = true,
                                 .scripts = generation->scripts}));
  {
    const script::Vm::RunsOnce interpreted(*loaded->vm);
    TRY_ASSIGN(const script::Ref trees, load_trees(*loaded->vm, *generation));
    take_runners(loaded->vm->state(), *generation, trees, *loaded);
  }
  loaded->generation = std::move(generation);
  script::Live& here = script::live();
  loaded->made = {.refs = here.refs - before.refs,
                  .tasks = here.tasks - before.tasks,
                  .objects = here.objects - before.objects};
  here = before;
  return loaded;
}

void ScriptLoop::claim(LoadedVm& built) {
  script::Live& here = script::live();
  const script::Live made = std::exchange(built.made, {});
  here.refs += made.refs;
  here.tasks += made.tasks;
  here.objects += made.objects;
}

void ScriptLoop::adopt(std::unique_ptr<LoadedVm> built) {
  tracer_ = services_.find<Tracer>();
  claim(*built);
  prepared_ = std::move(built);
}

void ScriptLoop::commit() {
  if (!prepared_) return;
  retire(std::exchange(current_, std::move(prepared_)));
  if (std::exchange(loaded_before_, true)) ++reloads_;
  heap_bytes_.store(current_->vm->heap_bytes(), std::memory_order_relaxed);
}

Result<> ScriptLoop::ensure(const std::shared_ptr<const Generation>& generation) {
  if (current_ && current_->generation == generation) return {};
  TRY_ASSIGN(auto built, build(generation));
  adopt(std::move(built));
  commit();
  return {};
}

void ScriptLoop::drop_before(std::uint64_t generation) {
  if (current_ && current_->generation->id < generation) retire(std::move(current_));
}

void ScriptLoop::retire(std::unique_ptr<LoadedVm> old) {
  if (!old) return;
  retired_.push_back(std::move(old));
  sweep();
}

// A VM is ended from a fresh turn of the loop, never from inside one of its own tasks.
void ScriptLoop::sweep() {
  loop_.post([this] {
    const auto idle = std::ranges::stable_partition(
        retired_, [](const auto& loaded) { return loaded->vm->live_tasks() > 0; });
    for (auto& ended : idle)
      close_later(std::move(ended));
    retired_.erase(idle.begin(), idle.end());
    if (!retired_.empty()) sweep_timer_.start(kSweepEvery, [this] { sweep(); });
  });
}

void ScriptLoop::close_later(std::unique_ptr<LoadedVm> ended) {
  if (closer_ == nullptr) return;
  // What else it holds lets go of the VM here.
  std::unique_ptr<script::Vm> vm = std::move(ended->vm);
  vm->end();
  ended.reset();
  closer_->submit([vm = std::move(vm)]() mutable { vm.reset(); });
}

void ScriptLoop::execute(Request request, Reply reply) {
  if (current_ == nullptr) {
    return reply(fail(Errc::uninitialized, "the scripts are not loaded yet"), {});
  }
  const LoadedTree* tree = current_->tree(request.context());
  const rpc::Method* method = tree == nullptr ? nullptr : tree->methods->find(request.method);
  if (method == nullptr) return reply(fail(Errc::method_not_found, request.method), {});
  request.begun = Clock::now();
  execute(*tree, *method, request, request.params, std::move(reply));
}

void ScriptLoop::execute(const LoadedTree& tree,
                         const rpc::Method& method,
                         const Request& request,
                         std::string_view params,
                         Reply reply) {
  LoadedVm& loaded = *current_;
  // What middleware writes into the call is read when it has ended.
  std::shared_ptr<script::Ref> kept;
  if (has_response_head(*request.caller)) kept = std::make_shared<script::Ref>();
  const CallParts parts{tree.plain_context, tree.names[method.index], loaded.call_tables};
  const auto arguments = [&](lua_State* target) {
    if (!push_arguments(target, parts, method, request, params)) return lua_error(target);
    if (kept) {
      lua_pushvalue(target, -2);
      *kept = script::Ref::pop(target);
    }
    return 2;
  };
  script::Ref gate;
  if (request.extras && request.extras->gate_only) [[unlikely]] {
    auto made = side_runner(loaded, kGate, request.context(), method.name);
    if (!made) return reply(fail(std::move(made).error()), {});
    gate = std::move(*made);
  }
  start(loaded,
        method,
        request,
        {gate ? gate : tree.runners[method.index],
         limits_of(method, request),
         arguments,
         std::move(reply),
         kept});
  heap_bytes_.store(loaded.vm->heap_bytes(), std::memory_order_relaxed);
}

void ScriptLoop::start(LoadedVm& loaded,
                       const rpc::Method& method,
                       const Request& request,
                       Started call) {
  // A call with a name is a task, whatever its kind: what it says and does has the name, too.
  const std::string_view name = request.extras ? request.extras->trace : std::string_view();
  if (tracer_ != nullptr && tracer_->take(method.name)) {
    loaded.vm->call_name_next(name);
    return follow(loaded, method, request, std::move(call));
  }
  if (method.kind == rpc::HandlerKind::fn && name.empty()) {
    return loaded.vm->call(call.runner, call.arguments, call.limits, [&](script::Outcome outcome) {
      call.reply(take_answer(outcome, method), take_head(call.kept, outcome.state));
    });
  }
  ++under_way_;
  loaded.vm->call_name_next(name);
  loaded.vm->spawn(
      call.runner,
      call.arguments,
      call.limits,
      [this, &method, reply = std::move(call.reply), kept = std::move(call.kept)](
          script::Outcome outcome) mutable {
        --under_way_;
        reply(take_answer(outcome, method), take_head(kept, outcome.state));
      },
      method.name);
  read_clock();  // it may have run for long, and go on later
}

void ScriptLoop::submit(Request request, Reply reply) {
  ++under_way_;
  loop_.post([this, request = std::move(request), reply = std::move(reply)]() mutable {
    execute(std::move(request), std::move(reply));
    --under_way_;
  });
}

void ScriptLoop::cancel_connection(std::uint64_t connection) {
  if (connection == 0 || under_way_ == 0) return;
  stopper_.stop(connection);
  loop_.post([this, connection] { forget_connection(connection); });
}

void ScriptLoop::forget_connection(std::uint64_t connection) {
  stopper_.forget(connection);
  if (current_) current_->vm->cancel_owner(connection);
  for (const auto& old : retired_)
    old->vm->cancel_owner(connection);
}

/// `maker` is a chunk that gets the tree's module, context and method.
Result<script::Ref> ScriptLoop::side_runner(LoadedVm& loaded,
                                            const std::string& maker,
                                            const std::string& context,
                                            const std::string& method) {
  script::Ref& known = loaded.side_runners[maker + ' ' + context + ' ' + method];
  const auto root = loaded.generation->package.trees.find(context);
  if (!known && root != loaded.generation->package.trees.end()) {
    TRY_ASSIGN(const script::Ref make, loaded.vm->compile(maker, "moond"));
    Result<> made;
    loaded.vm->call(
        make,
        [&](lua_State* state) {
          script::push_string(state, root->second);
          script::push_string(state, context);
          script::push_string(state, method);
          return 3;
        },
        {},
        [&](script::Outcome outcome) {
          if (!outcome.status) {
            made = fail(std::move(outcome.status).error());
          } else {
            lua_pushvalue(outcome.state, -outcome.results);
            known = script::Ref::pop(outcome.state);
          }
        });
    TRY(made);
  }
  lua_State* state = loaded.vm->state();
  known.push(state);
  return script::Ref::pop(state);
}

/// Runs a call as a task whose spans go to the tracer, whatever its kind.
void ScriptLoop::follow(LoadedVm& loaded,
                        const rpc::Method& method,
                        const Request& request,
                        Started call) {
  auto log = std::make_shared<script::TraceLog>();
  auto runner = side_runner(loaded, kTraced, request.context(), method.name);
  json::Value facts = json::Object{{"method", method.name}, {"vm", loop_.name()}};
  facts["trace"] = request.extras ? request.extras->trace : std::string();
  facts["startedAt"] =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const int span = log->open(method.name, {});
  loaded.vm->trace_next(log);
  ++under_way_;
  loaded.vm->spawn(
      runner ? *runner : call.runner,
      call.arguments,
      call.limits,
      [this,
       &method,
       log,
       span,
       facts = std::move(facts),
       reply = std::move(call.reply),
       kept = std::move(call.kept)](script::Outcome outcome) mutable {
        --under_way_;
        const int encode = log->open("encode", {});
        Result<std::string> answer = take_answer(outcome, method);
        log->close(encode);
        log->close(span);
        if (!answer) facts["error"] = std::string(errc_info(answer.error().code).kind);
        tracer_->add(*log, std::move(facts));
        reply(std::move(answer), take_head(kept, outcome.state));
      },
      method.name);
}

void ScriptLoop::spawn_hook(std::string_view module,
                            std::string_view function,
                            Milliseconds deadline,
                            UniqueFunction<void()> done) {
  if (!current_ || module.empty()) return done();
  script::Vm& vm = *current_->vm;
  auto required = vm.require(module);
  if (!required) {
    log::error("script", required.error().message);
    return done();
  }
  lua_State* state = vm.state();
  required->push(state);
  lua_getfield(state, -1, std::string(function).c_str());
  const bool present = lua_isfunction(state, -1);
  const script::Ref hook = script::Ref::pop(state);
  lua_pop(state, 1);
  if (!present) return done();
  vm.spawn(
      hook,
      [](lua_State*) { return 0; },
      {.deadline = deadline},
      [done = std::move(done), name = std::string(function)](script::Outcome outcome) mutable {
        if (!outcome.status) {
          const Error& error = outcome.status.error();
          log::error("script", error.message, {{"hook", name}, {"trace", error.debug}});
        }
        done();
      },
      function);
}

}  // namespace engine::app
