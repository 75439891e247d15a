#pragma once

#include <blake3.h>

#ifdef __cplusplus
extern "C" {
#endif

// What the packaged BLAKE3 keeps to itself and parallel hashing needs. Private to this room.

/// The two chaining values below the top of the subtree over `input`. `length` is a power of two
/// of chunks, at least two; `first_chunk` is the number of chunks before it in the whole input.
void engine_blake3_subtree(const uint8_t* input,
                           size_t length,
                           uint64_t first_chunk,
                           uint8_t pair[2 * BLAKE3_OUT_LEN]);

/// Appends such a subtree of `chunks` chunks to `hasher`, as if its input had been hashed there.
/// The hasher must have seen a whole multiple of `chunks` chunks before.
void engine_blake3_append(blake3_hasher* hasher, uint8_t pair[2 * BLAKE3_OUT_LEN], uint64_t chunks);

#ifdef __cplusplus
}
#endif
