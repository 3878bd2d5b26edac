import BitLayout
import Paging

/// A bit of a register that can be inverted without another paging mode coming of it.
struct RegisterBit: Sendable {
  /// The register: `CR0`.
  let register: String
  /// The bit.
  let field: BitField
  private let path: any WritableKeyPath<PagingState, UInt64> & Sendable

  /// The name by which a page asks for it: `CR0.WP`.
  var name: String { "\(register).\(field.name)" }

  /// Whether the bit is 1.
  func isSet(in state: PagingState) -> Bool { field.isSet(in: state[keyPath: path]) }

  /// Inverts the bit.
  func flip(in state: inout PagingState) { state[keyPath: path] ^= field.mask }

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
      _ register: String, _ fields: [BitField],
      _ path: any WritableKeyPath<PagingState, UInt64> & Sendable, without masks: [UInt64]
    ) -> [RegisterBit] {
      fields.filter { !masks.contains($0.mask) }.map {
        RegisterBit(register: register, field: $0, path: path)
      }
    }
    var all = bits("CR0", layouts.cr0, \.cr0, without: fixed)
    let only32Bit = mode == .x86 ? [] : [layouts.pageSizeExtension.mask]
    all += bits("CR4", layouts.cr4, \.cr4, without: fixed + only32Bit)
    if mode != .x86 { all += bits("EFER", [layouts.noExecuteEnable], \.efer, without: []) }
    return all
  }

  private static var ofARM64: [RegisterBit] {
    ARM64RegisterLayouts.sctlr.filter { $0.mask != ARM64RegisterLayouts.translationEnable.mask }
      .map { RegisterBit(register: "SCTLR_EL1", field: $0, path: \.sctlr) }
      + ARM64RegisterLayouts.tcr.fields.filter { $0.width == 1 && $0.kind == .value }
      .map { RegisterBit(register: "TCR_EL1", field: $0, path: \.tcr) }
  }
}
