#include "archive/sections.hh"

#include "base/parallel.hh"

#include <memory>
#include <mutex>

namespace engine::archive {
namespace {

// From here on the threads of one hash pay for themselves.
constexpr std::uint64_t kLarge = 4U << 20U;

Result<> stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) return fail(Errc::cancelled, "the work was cancelled");
  return {};
}

}  // namespace

Result<> run_sections(const std::vector<Section>& sections, const crypto::HashOptions& options) {
  std::vector<const Section*> small;
  for (const Section& section : sections) {
    if (options.threads <= 1) {
      TRY(stopped(options.stop));
      TRY(section.run(options));
    } else if (section.size < kLarge) {
      small.push_back(&section);
    } else {
      TRY(section.run(options));
    }
  }
  const crypto::HashOptions alone{.threads = 1, .stop = options.stop, .progress = options.progress};
  return parallel_for(
      small.size(), options.threads, [&](std::size_t index, std::size_t) -> Result<> {
        TRY(stopped(options.stop));
        return small[index]->run(alone);
      });
}

std::function<void(std::uint64_t)> sum_progress(
    std::uint64_t total, std::function<void(std::uint64_t done, std::uint64_t total)> progress) {
  if (!progress) return {};
  struct State {
    std::mutex mutex;
    std::uint64_t done = 0;
  };
  return [state = std::make_shared<State>(), total, progress = std::move(progress)](
             std::uint64_t amount) {
    const std::lock_guard lock(state->mutex);
    state->done += amount;
    progress(state->done, total);
  };
}

}  // namespace engine::archive
