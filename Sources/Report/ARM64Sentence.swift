import BitLayout
import Machine
import Paging
import PhysicalMemory

/// Why a walk of arm64 went no further, in the words of the Arm Architecture Reference Manual.
struct ARM64Sentence {
  let paging: PagingState
  let walk: Walk

  func stopped(_ stop: WalkStop) -> String {
    let rules = ARM64HalfRules(paging.half(of: walk.address))
    let register = rules.half == .lower ? "TTBR0_EL1" : "TTBR1_EL1"
    let name = walk.mode.entryName(stop.level)
    switch stop.cause {
    case .notPresent where stop.level == 0:
      let fields = rules.half == .lower ? ARM64RegisterLayouts.lower : ARM64RegisterLayouts.upper
      return
        "not present: TCR_EL1.\(fields.disable.name)=1 disables walks by \(register), translation"
        + " fault of level 0 (ARM ARM D8.2.4)"
    case .notPresent:
      return "not present: \(name) \(stop.entry.hex) at \(stop.entryAddress)"
        + " \(Self.reason(stop.entry, stop.level, walk.mode)) (ARM ARM D8.3.1)"
    case .reservedBits(let bits) where stop.level == 0:
      return "\(register) has address bits beyond the \(rules.outputBits) bits of the output:"
        + " \(bits.hex), address size fault of level 0 (ARM ARM D8.1.7)"
    case .reservedBits(let bits):
      return "address size: \(name) \(stop.entry.hex) at \(stop.entryAddress) has address bits"
        + " beyond the \(rules.outputBits) bits of the output: \(bits.hex) (ARM ARM D8.1.7)"
    case .nonCanonical:
      return "in neither half of addresses: \(Wording.bits(rules.signMask)), above those that"
        + " \(register) translates, are not all \(rules.half == .lower ? 0 : 1), no table is read"
        + " (ARM ARM D8.2.4)"
    case .missing where stop.level == 0:
      return "unknown: nothing says where the tables of the upper half are; give --ttbr1 ADDRESS"
    case .missing:
      return "unknown: the image does not hold the \(name) at \(stop.entryAddress)"
    }
  }

  /// Why a descriptor is not valid.
  static func reason(_ entry: UInt64, _ level: Int, _ mode: PagingMode) -> String {
    guard ARM64Layouts.valid.isSet(in: entry) else { return "has bit 0 clear" }
    return level == 1
      ? "is 0b01, which is no descriptor at L3"
      : "is a block, which this granule does not have at \(mode.entryName(level))"
  }
}
