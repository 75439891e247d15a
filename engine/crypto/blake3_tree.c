// The one file that includes the packaged blake3.c instead of compiling it beside: its subtree
// functions are static, and hashing one input on several threads needs them.
#include "blake3_tree.h"

#include "blake3.c"

void engine_blake3_subtree(const uint8_t* input,
                           size_t length,
                           uint64_t first_chunk,
                           uint8_t pair[2 * BLAKE3_OUT_LEN]) {
  compress_subtree_to_parent_node(input, length, IV, first_chunk, 0, pair);
}

void engine_blake3_append(blake3_hasher* hasher,
                          uint8_t pair[2 * BLAKE3_OUT_LEN],
                          uint64_t chunks) {
  // Both halves are pushed unmerged: the upper one may turn out to be a child of the root.
  hasher_push_cv(hasher, pair, hasher->chunk.chunk_counter);
  hasher_push_cv(hasher, pair + BLAKE3_OUT_LEN, hasher->chunk.chunk_counter + chunks / 2);
  hasher->chunk.chunk_counter += chunks;
}
