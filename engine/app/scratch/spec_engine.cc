#include "app/scratch/spec_engine.hh"

#include "app/daemon/daemon_facts.hh"
#include "app/modules.hh"
#include "base/version.hh"
#include "script/convert.hh"

#include <stdlib.h>
#include <unistd.h>

namespace engine::app {
namespace {

constexpr std::size_t kPoolThreads = 2;

std::shared_ptr<const Caller> caller_of(bindings::SpecWorld::Call& call) {
  auto caller = std::make_shared<Caller>();
  caller->context = std::move(call.context);
  caller->attributes = std::move(call.attributes);
  caller->address = std::move(call.address);
  caller->locale = std::move(call.locale);
  caller->pushes = false;
  if (call.uid) {
    caller->peer = net::PeerCredentials{.uid = *call.uid, .gid = *call.uid, .pid = ::getpid()};
  }
  for (const Transport each :
       {Transport::http, Transport::https, Transport::ws, Transport::wss, Transport::tls}) {
    if (transport_name(each) == call.transport) caller->transport = each;
  }
  if (call.transport.empty() && !call.uid) caller->transport = Transport::https;
  const bool plain =
      caller->transport == Transport::unix_socket || caller->transport == Transport::tls;
  if (!plain) {
    auto facts = std::make_unique<HttpFacts>();
    facts->method = "POST";
    facts->path = "/rpc/v1";
    facts->headers.assign(call.headers.begin(), call.headers.end());
    facts->secure = caller->transport == Transport::https || caller->transport == Transport::wss;
    caller->http = std::move(facts);
  }
  return caller;
}

}  // namespace

SpecEngine::Folder::~Folder() {
  std::error_code ignored;
  if (!path.empty()) std::filesystem::remove_all(path, ignored);
}

SpecEngine::SpecEngine(std::shared_ptr<const Generation> generation)
    : generation_(std::move(generation)) {}

SpecEngine::~SpecEngine() {
  if (scripts_) scripts_->close();
  pool_.reset();
  store_.reset();
}

Result<std::unique_ptr<SpecEngine>> SpecEngine::open(std::shared_ptr<const Generation> generation) {
  std::unique_ptr<SpecEngine> engine(new SpecEngine(std::move(generation)));
  TRY(engine->build());
  return engine;
}

Result<> SpecEngine::build() {
  std::string name = (std::filesystem::temp_directory_path() / "moonbox-spec-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return fail_errno("making " + name);
  folder_.path = name;
  TRY_ASSIGN(store_, store::Store::open(folder_.path / "store", {.initial = first_document()}));
  scripts_ = std::make_unique<ScriptLoop>("spec", services_, host_modules());
  pool_ = std::make_unique<loop::OffloadPool>(kPoolThreads);
  services_.add<store::Store>(*store_);
  services_.add<event::Ring>(ring_);
  services_.add<event::Channels>(channels_);
  services_.add<event::JobTable>(jobs_);
  services_.add<event::ConnectionSinks>(sinks_);
  services_.add<loop::OffloadPool>(*pool_);
  services_.add<loop::LeaseTable>(leases_);
  services_.add<script::StateTable>(states_);
  services_.add<net::ConnectionTable>(connections_);
  services_.add<bindings::DaemonHost>(*this);
  services_.add<bindings::SpecWorld>(*this);
  return scripts_->ensure(generation_);
}

Result<json::Value> SpecEngine::run(const bindings::ScratchHost::Spec& spec,
                                    const std::string& source) {
  script::Vm& vm = *scripts_->current()->vm;
  loop::Loop& loop = scripts_->loop();
  TRY_ASSIGN(const script::Ref run,
             vm.compile("return require('core.script.spec').run(...)", "moon-cli"));
  const double limit = std::chrono::duration<double>(spec.limit).count();
  loop.stop_time();
  loop.post([&] {
    vm.spawn(
        run,
        [&](lua_State* state) {
          script::push_string(state, source);
          script::push_string(state, spec.name);
          script::push_string(state, spec.match);
          lua_pushnumber(state, limit);
          return 4;
        },
        {.deadline = script::kForever},
        [&](const script::Outcome& outcome) {
          report_ = outcome.status ? script::to_value(outcome.state, -outcome.results)
                                   : Result<json::Value>(fail(outcome.status.error()));
          loop.stop();
        },
        "spec");
  });
  while (!report_)
    loop.run();
  return std::move(*report_);
}

UniqueFunction<void()> SpecEngine::wait(Milliseconds delay, UniqueFunction<void()> done) {
  auto timer = std::make_shared<loop::Timer>(scripts_->loop());
  timer->start_by_clock(delay, [timer, done = std::move(done)]() mutable { done(); });
  return [timer] { timer->cancel(); };
}

void SpecEngine::call(Call call, Completion<std::string> done) {
  scripts_->loop().post([this, call = std::move(call), done = std::move(done)]() mutable {
    const auto table = generation_->tables.find(call.context);
    const rpc::Method* method =
        table == generation_->tables.end() ? nullptr : table->second->find(call.method);
    if (method == nullptr) {
      return done(fail(Errc::method_not_found, "there is no method '" + call.method + "'"));
    }
    Request request{.caller = caller_of(call),
                    .method = method->name,
                    .params = std::move(call.params),
                    .deadline = method->deadline};
    scripts_->execute(std::move(request),
                      [done = std::move(done)](Result<std::string> result, auto&&...) mutable {
                        done(std::move(result));
                      });
  });
}

void SpecEngine::advance(Milliseconds by, UniqueFunction<void()> done) {
  scripts_->loop().advance(by, std::move(done));
}

json::Value SpecEngine::info() {
  json::Value value;
  value["name"] = "moonbox";
  value["version"] = kVersion;
  value["gitInfo"] = kGitInfo;
  value["instance"] = "spec";
  value["dataDir"] = folder_.path.string();
  value["pid"] = static_cast<std::int64_t>(::getpid());
  value["uid"] = static_cast<std::int64_t>(0);
  value["uptime"] = 0.0;
  value["workers"] = static_cast<std::int64_t>(1);
  return value;
}

json::Value SpecEngine::methods(const std::string& context) {
  return generation_->description(context);
}

void SpecEngine::status(loop::Loop& back, Completion<json::Value> done) {
  back.post([id = generation_->id, done = std::move(done)]() mutable {
    done(json::Value(json::Object{{"generation", id}}));
  });
}

void SpecEngine::reload(loop::Loop& back, Completion<json::Value> done) {
  back.post([id = generation_->id, done = std::move(done)]() mutable {
    done(json::Value(json::Object{{"generation", id}, {"changed", false}}));
  });
}

void SpecEngine::rollback(loop::Loop& back, Completion<json::Value> done) {
  back.post([done = std::move(done)]() mutable {
    done(fail(Errc::not_found, "a spec has one generation of scripts"));
  });
}

void SpecEngine::check(loop::Loop& back, Completion<json::Value> done) {
  back.post([done = std::move(done)]() mutable { done(json::Object{{"starts", true}}); });
}

json::Value SpecEngine::files() {
  return json::Array{};
}

void SpecEngine::listen(loop::Loop& back, Listener, Completion<> done) {
  back.post([done = std::move(done)]() mutable { done(Result<>()); });
}

void SpecEngine::unlisten(loop::Loop& back, std::string, Completion<> done) {
  back.post([done = std::move(done)]() mutable { done(Result<>()); });
}

}  // namespace engine::app
