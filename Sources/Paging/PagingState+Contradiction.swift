import BitLayout
import PhysicalMemory

/// States that no processor is in.
extension PagingState {
  /// Whether the processor is in IA-32e mode, with 4-level or 5-level paging.
  public var isLongMode: Bool { mode == .x86_64 || mode == .la57 }

  /// Why the registers cannot be those of a processor in this mode, or nil where they can.
  public var contradiction: String? {
    if isARM64 { return arm64Contradiction }
    return widthContradiction ?? modeContradiction ?? controlContradiction ?? tagContradiction
      ?? attributeContradiction
  }

  private var widthContradiction: String? {
    if !(32...52).contains(physicalBits) {
      return "MAXPHYADDR is \(physicalBits); processors have 32 to 52 physical address bits "
        + "(SDM 3A, 4.1.4)"
    }
    for (name, value) in [("PKRU", pkru), ("PKRS", pkrs)] where value > UInt64(UInt32.max) {
      return "\(name)=\(value.hex) has more than 32 bits (SDM 3A, 4.6.2)"
    }
    return nil
  }

  private var modeContradiction: String? {
    if !RegisterLayouts.pagingEnable.isSet(in: cr0) { return "CR0.PG=0: paging is off" }
    // PE is not asked for: PG implies it, and users give CR0 as the bits that paging looks at.
    // Said before the mode is compared: a set LA57 explains more than "another mode".
    if RegisterLayouts.fiveLevel.isSet(in: cr4), !isLongMode {
      return "CR4.LA57=1 in mode \(mode.rawValue): 57-bit linear addresses exist only in IA-32e "
        + "mode (SDM 3A, 2.5 and 4.1.1)"
    }
    if let actual = Self.mode(cr0: cr0, cr4: cr4, longMode: isLongMode), actual != mode {
      return "mode \(mode.rawValue) contradicts CR4=\(cr4.hex), which is mode \(actual.rawValue) "
        + "(SDM 3A, 4.1.1)"
    }
    if RegisterLayouts.longModeActive.isSet(in: efer), !isLongMode {
      return "EFER.LMA=1 in mode \(mode.rawValue): IA-32e mode has 4-level or 5-level paging "
        + "(SDM 3A, 4.1.1)"
    }
    return nil
  }

  private var controlContradiction: String? {
    if RegisterLayouts.controlFlowEnforcement.isSet(in: cr4),
      !RegisterLayouts.writeProtect.isSet(in: cr0)
    {
      return "CR4.CET=1 with CR0.WP=0: CET can be set only while WP is, and WP cannot be cleared "
        + "while CET is set (SDM 3A, 2.5)"
    }
    if RegisterLayouts.processContextEnable.isSet(in: cr4), !isLongMode {
      return "CR4.PCIDE=1 in mode \(mode.rawValue): process-context identifiers exist only in "
        + "IA-32e mode (SDM 3A, 4.10.1)"
    }
    return nil
  }

  private var tagContradiction: String? {
    let fields = RegisterLayouts.self
    let masking: [(name: String, isSet: Bool)] = [
      ("CR3.LAM_U57", fields.userMasking57.isSet(in: cr3)),
      ("CR3.LAM_U48", fields.userMasking48.isSet(in: cr3)),
      ("CR4.LAM_SUP", fields.supervisorMasking.isSet(in: cr4)),
    ]
    if let first = masking.first(where: \.isSet) {
      if !isLongMode {
        return "\(first.name)=1 in mode \(mode.rawValue): linear-address masking exists only in "
          + "64-bit mode (Intel ISE reference, Linear Address Masking)"
      }
      if vendor == .amd {
        return "\(first.name)=1 on an AMD processor, where the bit is reserved (AMD APM 2, 3.1)"
      }
    }
    guard fields.upperAddressIgnore.isSet(in: efer) else { return nil }
    if vendor == .intel {
      return
        "EFER.UAIE=1 on an Intel processor, where the bit is reserved; upper-address ignore is "
        + "AMD's (AMD APM 2, 5.10)"
    }
    return isLongMode
      ? nil
      : "EFER.UAIE=1 in mode \(mode.rawValue): upper-address ignore exists only in 64-bit mode "
        + "(AMD APM 2, 5.10)"
  }

  private var attributeContradiction: String? {
    let bits = [("encryption", encryptionBit), ("shared", sharedBit)]
    for case (let name, let bit?) in bits {
      if mode == .x86 {
        return "\(name) bit \(bit) in mode x86, whose entries have 32 bits (SDM 3A, 4.3)"
      }
      let range = Self.attributeBitRange
      if !range.contains(bit) {
        return "\(name) bit \(bit) is not one of the address bits \(range.lowerBound) to "
          + "\(range.upperBound) of an entry"
      }
    }
    guard let encryptionBit, encryptionBit == sharedBit else { return nil }
    return "the encryption bit and the shared bit are both bit \(encryptionBit)"
  }

  /// Why a processor in this state never makes the access, or nil where it can.
  public func contradiction(of access: Access) -> String? {
    guard access.isShadowStack, !RegisterLayouts.controlFlowEnforcement.isSet(in: cr4) else {
      return nil
    }
    if isARM64 { return "\(access.kind.rawValue) in mode arm64: shadow stacks are of x86 (CET)" }
    return "\(access.kind.rawValue) with CR4.CET=0: there are no shadow stacks (SDM 1, 17.1)"
  }
}
