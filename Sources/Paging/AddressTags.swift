import BitLayout

/// What becomes of the upper bits of a data address before the address is translated.
///
/// Intel's linear-address masking (SDM 3A, chapter "Linear-Address Pre-Processing"; ISE reference,
/// "Linear Address Masking") lets user pointers (bit 63 is 0) carry metadata in bits 62:57
/// (CR3.LAM_U57, which wins) or 62:48 (CR3.LAM_U48), and supervisor pointers (bit 63 is 1) in the
/// bits that 4-level or 5-level paging does not translate (CR4.LAM_SUP). Which rule applies depends
/// on the pointer, not on who uses it. The metadata are replaced by copies of the highest bit that
/// is address, bit 63 stays, and the result must be canonical as ever; a page fault reports this
/// result in CR2. It applies to all accesses but fetches.
///
/// AMD's upper-address ignore (EFER.UAIE; APM 2, 5.10) makes bits 63:57 a tag: they become copies
/// of bit 56. It applies to references by DS or ES: neither to fetches, nor to shadow stacks, nor to
/// what the processor accesses on its own in GDT, LDT, IDT and TSS.
@frozen public struct AddressTags: Hashable, Sendable {
  /// The highest address bit of pointers whose bit 63 is 0; 63 where there is no tag.
  @usableFromInline let lowerSign: UInt64
  /// The same for pointers whose bit 63 is 1.
  @usableFromInline let upperSign: UInt64
  /// Bit 63 where it is not part of the tag.
  @usableFromInline let kept: UInt64
  /// Whether explicit reads and writes alone have tags, not all that are no fetches.
  @usableFromInline let areForExplicitData: Bool

  /// Takes the rules from CR3, CR4, EFER, mode and manufacturer.
  public init(_ state: PagingState) {
    let fields = RegisterLayouts.self
    areForExplicitData = state.rulesOf == .amd
    switch (state.isLongMode, state.rulesOf) {
    case (false, _): (lowerSign, upperSign, kept) = (63, 63, 0)
    case (true, .amd):
      let sign: UInt64 = fields.upperAddressIgnore.isSet(in: state.efer) ? 56 : 63
      (lowerSign, upperSign, kept) = (sign, sign, 0)
    case (true, .intel):
      lowerSign =
        fields.userMasking57.isSet(in: state.cr3)
        ? 56 : fields.userMasking48.isSet(in: state.cr3) ? 47 : 63
      let masksSupervisor = fields.supervisorMasking.isSet(in: state.cr4)
      upperSign = masksSupervisor ? UInt64(state.mode.virtualAddressBits - 1) : 63
      kept = 1 << 63
    }
  }

  /// Whether no address carries a tag.
  @inlinable public var areOff: Bool { lowerSign & upperSign == 63 }

  /// Whether an access may be by a pointer with a tag.
  @inlinable
  public func apply(to access: Access) -> Bool {
    guard areForExplicitData else { return access.isData }
    return access.isData && !access.isShadowStack && access.privilege != .supervisorImplicit
  }

  @inlinable
  func sign(of pointer: UInt64) -> UInt64 { pointer &>> 63 == 0 ? lowerSign : upperSign }

  /// The bits of a pointer that are its tag.
  public func ignored(of pointer: UInt64) -> UInt64 {
    sign(of: pointer) == 63 ? 0 : UInt64.max << (sign(of: pointer) + 1) & ~kept
  }

  /// The bits of a pointer that must be equal for it to be canonical, where linear addresses have
  /// `width` bits.
  public func compared(of pointer: UInt64, width: UInt64) -> UInt64 {
    let sign = sign(of: pointer)
    let low = min(sign, width - 1)
    return UInt64.max << low & ~(UInt64.max << (sign + 1)) | kept
  }

  /// The register bit that gives the pointer its tag, by its name; nil where it has none.
  public func control(of pointer: UInt64, _ state: PagingState) -> String? {
    guard sign(of: pointer) != 63 else { return nil }
    if areForExplicitData { return "EFER.\(RegisterLayouts.upperAddressIgnore.name)" }
    let fields = RegisterLayouts.self
    guard pointer >> 63 == 0 else { return "CR4.\(fields.supervisorMasking.name)" }
    let user =
      fields.userMasking57.isSet(in: state.cr3) ? fields.userMasking57 : fields.userMasking48
    return "CR3.\(user.name)"
  }

  /// The linear address that a pointer to data stands for; it need not be canonical.
  @inlinable
  public func removed(from pointer: UInt64) -> UInt64 {
    let spare = 63 &- sign(of: pointer)
    let extended = UInt64(bitPattern: Int64(bitPattern: pointer &<< spare) &>> Int64(spare))
    return (extended & ~kept) | (pointer & kept)
  }
}
