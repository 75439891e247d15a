#include "http/service.hh"

#include "http/connection_set.hh"

namespace engine::http {

struct Service::Impl {
  std::unique_ptr<ConnectionSet> connections;
};

Result<std::unique_ptr<Service>> Service::open(loop::Loop& loop,
                                               Handler& handler,
                                               const Limits& limits,
                                               unsigned index) {
  TRY_ASSIGN(auto connections, ConnectionSet::open(loop, handler, limits, index));
  return std::unique_ptr<Service>(
      new Service(std::make_unique<Impl>(Impl{std::move(connections)})));
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() = default;

void Service::adopt(UniqueFd socket, AdoptOptions options) {
  impl_->connections->adopt(std::move(socket), std::move(options));
}

std::size_t Service::connections() const {
  return impl_->connections->count();
}

Session* Service::find(std::uint64_t id) const {
  return impl_->connections->find(id);
}

void Service::drain(Completion<> done) {
  impl_->connections->drain(std::move(done));
}

}  // namespace engine::http
