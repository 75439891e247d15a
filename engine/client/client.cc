#include "client/client.hh"

#include "client/core.hh"

#include <fmt/format.h>

#include <random>

namespace engine::client {

std::string make_idempotency_key() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

Result<std::unique_ptr<Client>> Client::open(loop::Loop& loop,
                                             std::filesystem::path socket,
                                             Options options) {
  TRY_ASSIGN(auto core, Core::open(loop, std::move(socket), std::move(options)));
  return std::unique_ptr<Client>(new Client(loop, std::move(core)));
}

Client::Client(loop::Loop& loop, std::shared_ptr<Core> core)
    : loop_(loop), core_(std::move(core)) {}

Client::~Client() {
  core_->abandon();
  // The connection may be what calls us: let it end later.
  loop_.post([core = std::move(core_)] {});
}

void Client::connect(Completion<> done) {
  core_->connect(std::move(done));
}

Client::CallId Client::call(std::string_view method,
                            std::string_view params,
                            const CallOptions& options,
                            Completion<std::string> done) {
  return core_->call(method, params, options, std::move(done));
}

void Client::notify(std::string_view method, std::string_view params) {
  core_->call(method, params, {}, {});
}

void Client::forget(CallId call) {
  core_->forget(call);
}

SubscriptionId Client::subscribe(std::string_view filter,
                                 const SubscribeFrom& from,
                                 OnNotice consumer) {
  return core_->subscribe(filter, from, std::move(consumer));
}

void Client::unsubscribe(SubscriptionId id) {
  core_->unsubscribe(id);
}

void Client::on_notification(OnNotification handler) {
  core_->notified = std::move(handler);
}

void Client::close() {
  core_->close();
}

std::size_t Client::pending() const {
  return core_->pending();
}

bool Client::connected() const {
  return core_->connected();
}

}  // namespace engine::client
