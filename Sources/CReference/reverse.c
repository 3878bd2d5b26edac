#include "CReference.h"

#include <stdlib.h>
#include <string.h>

#define PRESENT 0x1ull
#define PAGE_SIZE 0x80ull
#define FRAME 0x000ffffffffff000ull
#define BUCKETS 4096ull

// A record: 19 bits of frame within a bucket, 32 bits of table number, 13 bits of index.
#define NODE_SHIFT 13
#define FRAME_SHIFT 45

typedef struct {
  const reference_image *image;
  uint64_t *records;
  uint64_t capacity;
  uint64_t shift;
  uint64_t limit;
  uint64_t next[BUCKETS + 1];
  uint64_t end[BUCKETS + 1];
  /// For each level and frame the number of the table, 0 where it was not met.
  uint32_t *met[4];
  uint32_t tables;
  int placing;
  int failed;
} reverse_state;

static inline void page(reverse_state *state, uint64_t address, uint32_t node, uint64_t index) {
  uint64_t bucket = address < state->limit ? address >> state->shift : BUCKETS;
  if (!state->placing) {
    state->next[bucket]++;
    return;
  }
  uint64_t place = state->next[bucket];
  if (place >= state->end[bucket]) {
    state->failed = 1;
    return;
  }
  state->next[bucket] = place + 1;
  uint64_t frame = (address & ((1ull << state->shift) - 1)) >> 12;
  state->records[place] = frame << FRAME_SHIFT | (uint64_t)node << NODE_SHIFT | index;
}

static void table(reverse_state *state, uint64_t offset, int level) {
  const reference_image *image = state->image;
  if (image->byte_count < 4096 || offset > image->byte_count - 4096) return;
  uint32_t *met = &state->met[level - 1][offset >> 12];
  if (*met) return;
  uint32_t node = *met = ++state->tables;
  uint64_t shift = 12 + 9 * (uint64_t)(level - 1);
  for (uint64_t index = 0; index < 512; index++) {
    uint64_t entry;
    memcpy(&entry, image->bytes + offset + index * 8, 8);
    if (!(entry & PRESENT)) continue;
    if (level == 1) {
      if (entry & image->reserved) continue;
      page(state, entry & FRAME, node, index);
    } else if (!(entry & PAGE_SIZE)) {
      if (entry & image->reserved) continue;
      table(state, entry & FRAME, level - 1);
    } else if (level < 4) {
      uint64_t page_mask = (1ull << shift) - 1;
      if (entry & (image->reserved | (page_mask & ~0x1fffull))) continue;
      page(state, entry & FRAME & ~page_mask, node, index);
    }
  }
}

static void sort(uint64_t *records, uint64_t *copy, uint64_t count, uint32_t *counts,
                 uint64_t frames) {
  memset(counts, 0, frames * sizeof *counts);
  for (uint64_t i = 0; i < count; i++) counts[records[i] >> FRAME_SHIFT]++;
  uint32_t start = 0;
  for (uint64_t f = 0; f < frames; f++) {
    uint32_t size = counts[f];
    counts[f] = start;
    start += size;
  }
  for (uint64_t i = 0; i < count; i++) copy[counts[records[i] >> FRAME_SHIFT]++] = records[i];
  memcpy(records, copy, count * sizeof *copy);
}

static void clear(reverse_state *state) {
  state->tables = 0;
  for (int level = 0; level < 4; level++)
    memset(state->met[level], 0, (state->image->byte_count >> 12) * sizeof(uint32_t));
}

reference_reverse reference_reverse_map(const reference_image *image, uint64_t *records,
                                        uint64_t capacity) {
  reference_reverse sum = {0};
  reverse_state *state = calloc(1, sizeof *state);
  state->image = image;
  state->records = records;
  state->shift = 12;
  while ((image->byte_count - 1) >> state->shift >= BUCKETS) state->shift++;
  uint64_t buckets = ((image->byte_count - 1) >> state->shift) + 1;
  state->limit = buckets << state->shift;
  for (int level = 0; level < 4; level++)
    state->met[level] = malloc((image->byte_count >> 12) * sizeof(uint32_t));
  clear(state);
  table(state, image->root, 4);
  uint64_t start = 0, largest = 0;
  for (uint64_t bucket = 0; bucket <= BUCKETS; bucket++) {
    uint64_t size = state->next[bucket];
    state->next[bucket] = start;
    start += size;
    state->end[bucket] = start;
    if (size > largest) largest = size;
  }
  if (start <= capacity) {
    state->placing = 1;
    clear(state);
    table(state, image->root, 4);
    uint64_t frames = 1ull << (state->shift - 12);
    uint64_t *copy = malloc(largest * sizeof *copy);
    uint32_t *counts = malloc(frames * sizeof *counts);
    uint64_t first = 0;
    for (uint64_t bucket = 0; bucket < buckets; bucket++) {
      sort(records + first, copy, state->end[bucket] - first, counts, frames);
      first = state->end[bucket];
    }
    free(counts);
    free(copy);
    sum.pages = start;
    sum.tables = state->tables;
  }
  for (int level = 0; level < 4; level++) free(state->met[level]);
  free(state);
  return sum;
}
