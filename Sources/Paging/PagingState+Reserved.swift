import BitLayout
import PhysicalMemory

/// What only one manufacturer's processors have, and what none has.
extension PagingState {
  /// Whose rules hold where manufacturers differ: the vendor's; where nobody says who that is, AMD's
  /// if a register or an entry bit is in use that only AMD's processors have, and else Intel's.
  public var rulesOf: Vendor { vendor ?? (useOfAMD == nil ? .intel : .amd) }

  /// What is in use that only AMD's processors have, by its name.
  public var useOfAMD: String? {
    if let field = RegisterLayouts.eferOfAMD.first(in: efer) { return "EFER.\(field.name)" }
    return encryptionBit.map { "C-bit \($0)" }
  }

  /// The control of linear-address masking that is set, by its name.
  var maskingInUse: String? {
    let fields = RegisterLayouts.self
    if fields.userMasking57.isSet(in: cr3) { return "CR3.LAM_U57" }
    if fields.userMasking48.isSet(in: cr3) { return "CR3.LAM_U48" }
    return fields.supervisorMasking.isSet(in: cr4) ? "CR4.LAM_SUP" : nil
  }

  var vendorContradiction: String? {
    switch rulesOf {
    case .amd:
      if let name = maskingInUse {
        return "\(name)=1 on \(anAMDProcessor), where the bit is reserved (AMD APM 2, 3.1)"
      }
      if RegisterLayouts.supervisorKeys.isSet(in: cr4) {
        return "CR4.PKS=1 on \(anAMDProcessor), where the bit is reserved: protection keys are for "
          + "user pages only (AMD APM 2, 3.1.3 and 5.6.7)"
      }
      return sharedBit.map {
        "shared bit \($0) on \(anAMDProcessor): it is of Intel's TDX; AMD's SEV has a C-bit"
      }
    case .intel:
      if let field = RegisterLayouts.eferOfAMD.first(in: efer) {
        let more =
          field.mask == RegisterLayouts.upperAddressIgnore.mask
          ? "; upper-address ignore is AMD's (AMD APM 2, 5.10)" : " (SDM 3A, 2.2.1)"
        return "EFER.\(field.name)=1 on an Intel processor, where the bit is reserved\(more)"
      }
      return encryptionBit.map {
        "C-bit \($0) on an Intel processor: it is of AMD's SME and SEV; Intel's TDX has a shared bit"
      }
    }
  }

  private var anAMDProcessor: String {
    guard vendor == nil, let useOfAMD else { return "an AMD processor" }
    return "an AMD processor, as \(useOfAMD) says"
  }

  /// The bits of CR0, CR4 and EFER that no processor has.
  var reservedContradictions: [String] {
    let reserved = RegisterLayouts.reserved
    return [
      Self.reserved("CR0", cr0, reserved.cr0, "SDM 3A, 2.5"),
      Self.reserved("CR4", cr4, reserved.cr4, "SDM 3A, 2.5"),
      Self.reserved("EFER", efer, reserved.efer, "SDM 3A, 2.2.1; AMD APM 2, 3.1.7"),
    ].compactMap { $0 }
  }

  /// Why CR3, or TTBR0_EL1, cannot hold what it holds, as someone gives it who means it; nil where it
  /// can.
  ///
  /// Bit 63 is let pass: it is in what is written to CR3 while CR4.PCIDE=1 and in what systems keep
  /// for it, and whoever copies that from a dump need not know CR4.
  public var rootContradiction: String? {
    switch mode {
    case .arm64: return nil
    case .x86, .pae:
      guard cr3 > UInt64(UInt32.max) else { return nil }
      return
        "CR3=\(cr3.hex) in mode \(mode.rawValue), where CR3 has 32 bits (SDM 3A, 4.3 and 4.4.1)"
    case .x86_64, .la57:
      guard (32...52).contains(physicalBits) else { return nil }
      let layout = RegisterLayouts.cr3(in: mode, withContext: true)
      let reserved = layout.fields.filter { $0.kind == .reserved }.reduce(0) { $0 | $1.mask }
      let beyond = RegisterLayouts.root(in: mode).mask & (UInt64.max << UInt64(physicalBits))
      return Self.reserved(
        "CR3", cr3, (reserved | beyond) & ~attributeBits,
        "SDM 3A, 4.5.2; MAXPHYADDR is \(physicalBits)")
    }
  }

  static func reserved(
    _ name: String, _ value: UInt64, _ reserved: UInt64, _ citation: String
  ) -> String? {
    let bits = value & reserved
    guard bits != 0 else { return nil }
    let numbers = (0..<64).filter { bits >> $0 & 1 == 1 }.map(String.init)
    let (noun, verb) = numbers.count == 1 ? ("bit", "is") : ("bits", "are")
    return "\(name)=\(value.hex) has \(noun) \(numbers.joined(separator: ", ")) set, which \(verb) "
      + "reserved; \((value & ~bits).hex) has not (\(citation))"
  }
}
