public import BitLayout

/// CR3, which is laid out by mode and by CR4.PCIDE (SDM 3A, Tables 4-3, 4-7, 4-12 and 4-13).
extension RegisterLayouts {
  /// CR3.LAM_U57.
  public static let userMasking57 = BitField(
    "LAM_U57", 61, .value, "user data addresses may carry metadata in bits 62:57")
  /// CR3.LAM_U48.
  public static let userMasking48 = BitField(
    "LAM_U48", 62, .value, "user data addresses may carry metadata in bits 62:48")
  /// Bit 63 of what is written to CR3 while CR4.PCIDE=1; CR3 itself never holds it.
  public static let noFlush = BitField(
    "NOFLUSH", 63, .value, "the load of CR3 kept the translations of this PCID (SDM 3A, 4.10.4.1)")

  /// The physical address in CR3: PAE has a top table of 32 bytes.
  static func root(in mode: PagingMode) -> BitField {
    switch mode {
    case .x86: BitField("base", 31, 12, .address, "physical address of the page directory")
    case .pae: BitField("base", 31, 5, .address, "physical address of the PDPT")
    case .x86_64, .la57: BitField("base", 51, 12, .address, "physical address of the top table")
    case .arm64: ARM64RegisterLayouts.base
    }
  }

  /// CR3 in a mode, with a process-context identifier or with the two cache bits.
  public static func cr3(in mode: PagingMode, withContext: Bool) -> WordLayout {
    let cache = [X86Fields.writeThrough, X86Fields.cacheDisable]
    switch mode {
    case .x86:
      return WordLayout(
        "CR3", citation: "SDM 3A, Table 4-3", width: 32,
        [ignored("IGN_LOW", 2, 0), ignored("IGN", 11, 5), root(in: mode)] + cache)
    case .pae:
      return WordLayout(
        "CR3", citation: "SDM 3A, Table 4-7", width: 32,
        [ignored("IGN", 4, 0), root(in: mode)])
    case .arm64: return ARM64RegisterLayouts.ttbr
    case .x86_64, .la57:
      let high = [
        BitField("reserved", 60, 52, .reserved, "must be 0"), userMasking57, userMasking48,
      ]
      guard withContext else {
        let top = BitField("reserved_63", 63, .reserved, "must be 0 while CR4.PCIDE=0")
        let low = [ignored("IGN_LOW", 2, 0), ignored("IGN", 11, 5)] + cache
        return WordLayout(
          "CR3", citation: "SDM 3A, Table 4-12", low + [root(in: mode)] + high + [top])
      }
      let context = BitField("PCID", 11, 0, .value, "process-context identifier")
      return WordLayout(
        "CR3", citation: "SDM 3A, Table 4-13", [context, root(in: mode)] + high + [noFlush])
    }
  }

  private static func ignored(_ name: StaticString, _ high: UInt8, _ low: UInt8) -> BitField {
    BitField(name, high, low, .ignored, "ignored")
  }
}

extension PagingState {
  /// The fields of CR3 beside the root's address that are not 0, lowest first, with their values.
  public var rootFields: [(field: BitField, value: UInt64)] {
    let withContext = RegisterLayouts.processContextEnable.isSet(in: cr4)
    return RegisterLayouts.cr3(in: mode, withContext: withContext).fields
      .filter { $0.kind != .address && $0.isSet(in: cr3) }
      .map { ($0, $0.value(in: cr3)) }
  }
}
