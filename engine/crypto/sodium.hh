#pragma once

namespace engine::crypto {

/// Prepares libsodium once per process. Private to this room; any thread.
void ensure_sodium();

}  // namespace engine::crypto
