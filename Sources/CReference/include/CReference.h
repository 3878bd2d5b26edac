// The loops that the benchmark compares with: 4-level paging as a C programmer writes it.
//
// Every check that the library makes is made here too; nothing else is shared with it.

#ifndef CREFERENCE_H
#define CREFERENCE_H

#include <stddef.h>
#include <stdint.h>

/// A memory image in one piece, and the state of the processor that reads it.
typedef struct {
  const uint8_t *bytes;
  uint64_t byte_count;
  uint64_t root;
  /// The bits that are reserved in every entry.
  uint64_t reserved;
} reference_image;

/// What many walks gave, by outcome, and a checksum over the mapped ones.
typedef struct {
  uint64_t checksum;
  uint64_t mapped;
  uint64_t not_present;
  uint64_t reserved;
  uint64_t non_canonical;
  uint64_t missing;
} reference_walks;

/// What an enumeration gave: runs, the pages in them, and a checksum over the runs.
typedef struct {
  uint64_t checksum;
  uint64_t runs;
  uint64_t pages;
} reference_runs;

/// Translates `count` addresses.
reference_walks reference_walk(const reference_image *image, const uint64_t *addresses,
                               size_t count);

/// Enumerates all pages below the root and joins them to runs, by recursion and without a memo.
reference_runs reference_enumerate(const reference_image *image);

/// What an index of pages by frame came to; all zero where it does not fit.
typedef struct {
  uint64_t pages;
  uint64_t tables;
} reference_reverse;

/// Writes a record of eight bytes for each page to `records`, sorted by the frame that it maps: the
/// tables are read twice, first to count, then to put each record into its bucket; a counting sort
/// orders the buckets.
reference_reverse reference_reverse_map(const reference_image *image, uint64_t *records,
                                        uint64_t capacity);

/// Arithmetic that touches no memory, to measure what the machine has free.
uint64_t reference_spin(uint64_t rounds);

#endif
