#include "CReference.h"

uint64_t reference_spin(uint64_t rounds) {
  uint64_t value = rounds;
  for (uint64_t round = 0; round < rounds; round++) {
    value = value * 6364136223846793005ull + 1442695040888963407ull;
    value ^= value >> 29;
  }
  return value;
}
