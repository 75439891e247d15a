#include "app/daemon/blocking_pool.hh"

#include <algorithm>
#include <string>

namespace engine::app {

BlockingPool::BlockingPool(std::size_t threads,
                           const script::Services& services,
                           std::span<const script::Module> modules,
                           std::size_t memory,
                           std::size_t most_waiting)
    : most_waiting_(most_waiting) {
  for (std::size_t i = 0; i < threads; ++i) {
    auto scripts = std::make_unique<ScriptLoop>(
        "blocking-" + std::to_string(i + 1), services, modules, memory);
    scripts->start_thread();
    members_.push_back(std::make_unique<Member>(std::move(scripts)));
  }
}

BlockingPool::~BlockingPool() {
  stop();
}

void BlockingPool::stop() {
  for (auto& member : members_)
    member->scripts->stop_thread();
  members_.clear();
}

void BlockingPool::execute(std::shared_ptr<const Generation> generation,
                           Request request,
                           Reply reply) {
  // The threads themselves run one call each.
  if (taken_ >= members_.size() && taken_ - members_.size() >= most_waiting_) {
    return reply(fail(Error{.code = Errc::busy,
                            .message = "too many calls wait for a blocking thread",
                            .hint = "try again in a moment"}),
                 {});
  }
  ++taken_;
  Member& member =
      **std::ranges::min_element(members_, {}, [](const auto& each) { return each->busy.load(); });
  ++member.busy;
  member.scripts->loop().post([this,
                               &member,
                               generation = std::move(generation),
                               request = std::move(request),
                               reply = std::move(reply)]() mutable {
    auto finish = [this, &member, reply = std::move(reply)](Result<std::string> result,
                                                            ResponseHead head) mutable {
      --member.busy;
      --taken_;
      reply(std::move(result), std::move(head));
    };
    if (auto ready = member.scripts->ensure(generation); !ready) {
      return finish(fail(std::move(ready).error()), {});
    }
    member.scripts->execute(std::move(request), std::move(finish));
    member.scripts->drop_before(in_force_);  // it began before a reload and waited for its thread
  });
}

void BlockingPool::retire_before(std::uint64_t generation) {
  in_force_ = generation;
  for (auto& member : members_) {
    ScriptLoop* const scripts = member->scripts.get();
    scripts->loop().post([scripts, generation] { scripts->drop_before(generation); });
  }
}

void BlockingPool::cancel_connection(std::uint64_t connection) {
  for (auto& member : members_) {
    if (member->busy > 0) member->scripts->cancel_connection(connection);
  }
}

std::vector<ScriptLoop*> BlockingPool::loops() const {
  std::vector<ScriptLoop*> all;
  for (const auto& member : members_)
    all.push_back(member->scripts.get());
  return all;
}

}  // namespace engine::app
