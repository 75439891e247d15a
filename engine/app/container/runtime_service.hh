#pragma once

#include "app/container/runtime_vm.hh"
#include "net/line_service.hh"
#include "net/unix_listener.hh"
#include "rpc/request.hh"

#include <filesystem>
#include <memory>

namespace engine::app {

/// service.sock: takes lines from the host and answers them from the VM. Resource type, on its
/// loop. Peers other than the host's root are refused.
class RuntimeService final : public net::LineHandler {
 public:
  static Result<std::unique_ptr<RuntimeService>> open(loop::Loop& loop,
                                                      RuntimeVm& vm,
                                                      const std::filesystem::path& socket);
  RuntimeService(const RuntimeService&) = delete;
  RuntimeService& operator=(const RuntimeService&) = delete;
  ~RuntimeService() override;

  void on_open(net::LineSession& session) override;
  void on_line(net::LineSession& session, std::string_view line, net::Answer answer) override;
  void on_oversize(net::LineSession& session, net::Answer answer) override;

  /// Called before every request is run; may be empty.
  UniqueFunction<void()> on_request;

  /// Accepts no more; `done` runs when every answer is written.
  void drain(Completion<> done);

 private:
  explicit RuntimeService(RuntimeVm& vm);
  void run(const rpc::Request& request, UniqueFunction<void(std::string)> answer);

  RuntimeVm& vm_;
  uid_t overflow_uid_;
  std::unique_ptr<net::LineService> lines_;
  std::unique_ptr<net::UnixListener> listener_;
};

}  // namespace engine::app
