#include "CReference.h"

#include <stdbool.h>
#include <string.h>

#define PRESENT 0x1ull
#define PAGE_SIZE 0x80ull
#define FRAME 0x000ffffffffff000ull
#define EXECUTE_DISABLE (1ull << 63)

typedef enum { TABLE, MAPPED, NOT_PRESENT, RESERVED, MISSING } step_result;

typedef struct {
  uint64_t table;
  /// RW and US of all entries so far, in place, and XD in the complement.
  uint64_t rights;
  uint64_t address;
} walk_state;

static inline __attribute__((always_inline)) step_result step(const reference_image *image,
                                                              uint64_t address, int level,
                                                              walk_state *state) {
  unsigned shift = 12 + 9 * (unsigned)(level - 1);
  uint64_t offset = state->table + ((address >> shift) & 511) * 8;
  if (image->byte_count < 8 || offset > image->byte_count - 8) return MISSING;
  uint64_t entry;
  memcpy(&entry, image->bytes + offset, 8);
  if (!(entry & PRESENT)) return NOT_PRESENT;
  state->rights &= entry ^ EXECUTE_DISABLE;
  uint64_t page_mask = (1ull << shift) - 1;
  if (level == 1) {
    if (entry & image->reserved) return RESERVED;
    state->address = (entry & FRAME) | (address & page_mask);
    return MAPPED;
  }
  if (!(entry & PAGE_SIZE)) {
    if (entry & image->reserved) return RESERVED;
    state->table = entry & FRAME;
    return TABLE;
  }
  if (level == 4) return RESERVED;
  if (entry & (image->reserved | (page_mask & ~0x1fffull))) return RESERVED;
  state->address = (entry & FRAME & ~page_mask) | (address & page_mask);
  return MAPPED;
}

static inline __attribute__((always_inline)) step_result walk(const reference_image *image,
                                                              uint64_t address,
                                                              walk_state *state) {
  for (int level = 4; level > 1; level--) {
    step_result result = step(image, address, level, state);
    if (result != TABLE) return result;
  }
  return step(image, address, 1, state);
}

reference_walks reference_walk(const reference_image *image, const uint64_t *addresses,
                               size_t count) {
  reference_walks sum = {0};
  for (size_t index = 0; index < count; index++) {
    uint64_t address = addresses[index];
    if ((uint64_t)((int64_t)(address << 16) >> 16) != address) {
      sum.non_canonical++;
      continue;
    }
    walk_state state = {image->root, ~0ull, 0};
    switch (walk(image, address, &state)) {
      case MAPPED: {
        uint64_t rights = ((state.rights >> 1) & 3) | (state.rights >> 63) << 2;
        sum.mapped++;
        sum.checksum += state.address ^ rights << 56;
        break;
      }
      case NOT_PRESENT: sum.not_present++; break;
      case RESERVED: sum.reserved++; break;
      default: sum.missing++; break;
    }
  }
  return sum;
}
