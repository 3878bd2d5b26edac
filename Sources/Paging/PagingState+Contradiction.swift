import BitLayout
import PhysicalMemory

/// States that no processor is in.
extension PagingState {
  /// Whether the processor is in IA-32e mode, with 4-level or 5-level paging.
  public var isLongMode: Bool { mode == .x86_64 || mode == .la57 }

  /// Why the registers cannot be those of a processor in this mode, or nil where they can.
  public var contradiction: String? { contradictions.first }

  /// All that keeps the registers from being those of a processor in this mode.
  ///
  /// What explains most comes first. For CR3 see `rootContradiction`.
  public var contradictions: [String] {
    if isARM64 { return arm64Contradictions }
    return [
      widthContradiction, modeContradiction, longModeContradiction, controlContradiction,
      tagContradiction, attributeContradiction, vendorContradiction, patContradiction,
    ].compactMap { $0 } + reservedContradictions
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
    let fields = RegisterLayouts.self
    // PE is not asked for: PG implies it, and users give CR0 as the bits that paging looks at.
    if !fields.pagingEnable.isSet(in: cr0) {
      return "CR0=\(cr0.hex) has PG=0: paging is off; \((cr0 | fields.pagingEnable.mask).hex) has "
        + "PG=1"
    }
    // Said before the mode is compared: a set LA57 explains more than "another mode".
    if fields.fiveLevel.isSet(in: cr4), !isLongMode {
      return "CR4.LA57=1 in mode \(mode.rawValue): 57-bit linear addresses exist only in IA-32e "
        + "mode (SDM 3A, 2.5 and 4.1.1)"
    }
    if let actual = Self.mode(cr0: cr0, cr4: cr4, longMode: isLongMode), actual != mode {
      return "mode \(mode.rawValue) contradicts CR4=\(cr4.hex), which is mode \(actual.rawValue); "
        + "\(cr4OfMode.hex) is of mode \(mode.rawValue) (SDM 3A, 4.1.1)"
    }
    return nil
  }

  /// CR4 with PAE and LA57 as the mode has them.
  private var cr4OfMode: UInt64 {
    let (pae, la57) = (RegisterLayouts.physicalAddressExtension, RegisterLayouts.fiveLevel)
    return cr4 & ~(pae.mask | la57.mask) | (mode == .x86 ? 0 : pae.mask)
      | (mode == .la57 ? la57.mask : 0)
  }

  /// With paging on, LME and LMA are both set, in IA-32e mode, or both clear.
  private var longModeContradiction: String? {
    let fields = [RegisterLayouts.longModeActive, RegisterLayouts.longModeEnable]
    let strange = fields.first { $0.isSet(in: efer) != isLongMode }
    guard let strange else { return nil }
    guard isLongMode else {
      return "EFER.\(strange.name)=1 in mode \(mode.rawValue): with paging on it is IA-32e mode, "
        + "which has 4-level or 5-level paging (SDM 3A, 4.1.1)"
    }
    let right = fields.reduce(efer) { $0 | $1.mask }
    return "EFER=\(efer.hex) has \(strange.name)=0 in mode \(mode.rawValue), where LME=1 and LMA=1;"
      + " \(right.hex) has both (SDM 3A, 4.1.1)"
  }

  private var controlContradiction: String? {
    let fields = RegisterLayouts.self
    if fields.controlFlowEnforcement.isSet(in: cr4), !fields.writeProtect.isSet(in: cr0) {
      return "CR4.CET=1 with CR0.WP=0: CET can be set only while WP is, and WP cannot be cleared "
        + "while CET is set (SDM 3A, 2.5)"
    }
    if fields.processContextEnable.isSet(in: cr4), !isLongMode {
      return "CR4.PCIDE=1 in mode \(mode.rawValue): process-context identifiers exist only in "
        + "IA-32e mode (SDM 3A, 4.10.1)"
    }
    if fields.notWriteThrough.isSet(in: cr0), !fields.cacheDisable.isSet(in: cr0) {
      return "CR0.NW=1 with CR0.CD=0: a processor refuses it (SDM 3A, 2.5)"
    }
    return nil
  }

  private var patContradiction: String? {
    let unused = MemoryTypeLayouts.pat.first { MemoryType.ofPAT($0.value(in: pat)) == nil }
    if let unused {
      return
        "IA32_PAT=\(pat.hex) has \(unused.name)=\(unused.value(in: pat)), which is no memory type: "
        + "0 UC, 1 WC, 4 WT, 5 WP, 6 WB, 7 UC- (SDM 3A, Table 12-10)"
    }
    return Self.reserved(
      "IA32_PAT", pat, MemoryTypeLayouts.reservedInPAT, "SDM 3A, Figure 12-9")
  }

  private var tagContradiction: String? {
    if isLongMode { return nil }
    if let name = maskingInUse {
      return "\(name)=1 in mode \(mode.rawValue): linear-address masking exists only in "
        + "64-bit mode (SDM 3A, Linear-Address Masking)"
    }
    guard RegisterLayouts.upperAddressIgnore.isSet(in: efer) else { return nil }
    return "EFER.UAIE=1 in mode \(mode.rawValue): upper-address ignore exists only in 64-bit mode "
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
