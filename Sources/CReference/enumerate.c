#include "CReference.h"

#include <string.h>

#define PRESENT 0x1ull
#define PAGE_SIZE 0x80ull
#define FRAME 0x000ffffffffff000ull
#define EXECUTE_DISABLE (1ull << 63)
/// What of an entry restricts the pages below it: RW, US and, complemented, XD.
#define RIGHTS (0x6ull | EXECUTE_DISABLE)

typedef struct {
  const reference_image *image;
  uint64_t start;
  uint64_t next;
  uint64_t delta;
  uint64_t rights;
  uint64_t shift;
  reference_runs sum;
} enumeration;

static void flush(enumeration *state) {
  if (!state->shift) return;
  uint64_t rights = ((state->rights >> 1) & 3) | (state->rights >> 63) << 2;
  state->sum.runs++;
  state->sum.pages += (state->next - state->start) >> state->shift;
  state->sum.checksum += (state->start ^ (state->start + state->delta) << 1) + rights;
  state->shift = 0;
}

static inline void page(enumeration *state, uint64_t address, uint64_t frame, uint64_t rights,
                        uint64_t shift) {
  uint64_t delta = frame - address;
  if (address == state->next && delta == state->delta && rights == state->rights &&
      shift == state->shift) {
    state->next += 1ull << shift;
    return;
  }
  flush(state);
  state->start = address;
  state->next = address + (1ull << shift);
  state->delta = delta;
  state->rights = rights;
  state->shift = shift;
}

static void table(enumeration *state, uint64_t offset, int level, uint64_t base, uint64_t above) {
  const reference_image *image = state->image;
  if (image->byte_count < 4096 || offset > image->byte_count - 4096) return;
  uint64_t shift = 12 + 9 * (uint64_t)(level - 1);
  for (uint64_t index = 0; index < 512; index++) {
    uint64_t entry;
    memcpy(&entry, image->bytes + offset + index * 8, 8);
    if (!(entry & PRESENT)) continue;
    uint64_t rights = above & (entry ^ EXECUTE_DISABLE) & RIGHTS;
    uint64_t address = base + (index << shift);
    if (level == 4) address = (uint64_t)((int64_t)(address << 16) >> 16);
    if (level == 1) {
      if (entry & image->reserved) continue;
      page(state, address, entry & FRAME, rights, 12);
    } else if (!(entry & PAGE_SIZE)) {
      if (entry & image->reserved) continue;
      table(state, entry & FRAME, level - 1, address, rights);
    } else if (level < 4) {
      uint64_t page_mask = (1ull << shift) - 1;
      if (entry & (image->reserved | (page_mask & ~0x1fffull))) continue;
      page(state, address, entry & FRAME & ~page_mask, rights, shift);
    }
  }
}

reference_runs reference_enumerate(const reference_image *image) {
  enumeration state = {0};
  state.image = image;
  table(&state, image->root, 4, 0, RIGHTS);
  flush(&state);
  return state.sum;
}
