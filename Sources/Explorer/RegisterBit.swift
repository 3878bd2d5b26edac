import BitLayout
import Machine
import Paging

/// A bit of a register that can be inverted without another paging mode coming of it.
struct RegisterBit: Sendable {
  /// The register.
  let register: Change.Register
  /// The bit.
  let field: BitField

  /// The name by which a page asks for it: `CR0.WP`.
  var name: String { "\(register.rawValue).\(field.name)" }

  /// Whether the bit is 1.
  func isSet(in state: PagingState) -> Bool { register.hasSet(field.mask, in: state) }

  /// Inverts the bit.
  func flip(in state: inout PagingState) {
    register.set(field.mask, to: !isSet(in: state), in: &state)
  }

  /// The bits that a translation in a mode depends on.
  static func all(of mode: PagingMode) -> [RegisterBit] {
    if mode == .arm64 { return ofARM64 }
    let layouts = RegisterLayouts.self
    // These say which mode it is.
    let fixed = [
      layouts.pagingEnable, layouts.protectionEnable, layouts.physicalAddressExtension,
      layouts.fiveLevel, layouts.longModeEnable, layouts.longModeActive,
    ].map(\.mask)
    func bits(
      _ register: Change.Register, _ fields: [BitField], without masks: [UInt64]
    ) -> [RegisterBit] {
      fields.filter { !masks.contains($0.mask) }.map { RegisterBit(register: register, field: $0) }
    }
    var all = bits(.cr0, layouts.cr0, without: fixed)
    let only32Bit = mode == .x86 ? [] : [layouts.pageSizeExtension.mask]
    all += bits(.cr4, layouts.cr4, without: fixed + only32Bit)
    if mode != .x86 { all += bits(.efer, [layouts.noExecuteEnable], without: []) }
    return all
  }

  private static var ofARM64: [RegisterBit] {
    ARM64RegisterLayouts.sctlr.filter { $0.mask != ARM64RegisterLayouts.translationEnable.mask }
      .map { RegisterBit(register: .sctlr, field: $0) }
      + ARM64RegisterLayouts.tcr.fields.filter { $0.width == 1 && $0.kind == .value }
      .map { RegisterBit(register: .tcr, field: $0) }
  }
}
