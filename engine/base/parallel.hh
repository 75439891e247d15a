#pragma once

#include "base/result.hh"

#include <cstddef>
#include <functional>

namespace engine {

/// Work for `parallel_for`: `index` is below the count, `worker` below the number of threads and
/// never shared by two calls that run at the same time (so it may pick a scratch buffer).
using ParallelTask = std::function<Result<>(std::size_t index, std::size_t worker)>;

/// Calls `task` once for every index below `count`, on the calling thread and at most
/// `threads - 1` short-lived others, and returns when all calls have ended.
///
/// Indices are handed out in order. After the first failure no further index is handed out.
/// Blocks: call it from a pool thread, not from a loop.
/// ERRORS: the failure with the lowest index.
Result<> parallel_for(std::size_t count, unsigned threads, const ParallelTask& task);

/// The number of threads worth starting for work bound by the processor: at least 1.
unsigned processor_count();

}  // namespace engine
