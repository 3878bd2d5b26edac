public import BitLayout

/// The registers that decide whether an access is allowed, unpacked once for many accesses.
@frozen public struct AccessRules: Hashable, Sendable {
  @usableFromInline let writeProtect: Bool
  @usableFromInline let executionPrevention: Bool
  @usableFromInline let accessPrevention: Bool
  @usableFromInline let userKeys: Bool
  @usableFromInline let supervisorKeys: Bool
  /// Whether the error code tells fetches from reads.
  @usableFromInline let distinguishesFetches: Bool
  /// RFLAGS.AC, which lifts SMAP for explicit accesses.
  @usableFromInline let alignmentCheck: Bool
  /// CR4.LASS in 64-bit mode.
  @usableFromInline let separatesSpaces: Bool
  /// Whether the entries of the top table are loaded with CR3: they raise no page faults and have
  /// no accessed bit.
  @usableFromInline let loadsTopTable: Bool
  @usableFromInline let pkru: UInt64
  @usableFromInline let pkrs: UInt64
  /// What becomes of the upper bits of data addresses.
  @usableFromInline let tags: AddressTags
  /// The rules of arm64, which has other registers.
  @usableFromInline let arm64: ARM64AccessRules

  /// Takes the rules from the registers.
  public init(_ state: PagingState) {
    writeProtect = RegisterLayouts.writeProtect.isSet(in: state.cr0)
    executionPrevention = RegisterLayouts.executionPrevention.isSet(in: state.cr4)
    accessPrevention = RegisterLayouts.accessPrevention.isSet(in: state.cr4)
    userKeys = state.isLongMode && RegisterLayouts.userKeys.isSet(in: state.cr4)
    supervisorKeys = state.isLongMode && RegisterLayouts.supervisorKeys.isSet(in: state.cr4)
    // SDM 3A, 4.7: I/D is valid where a fetch can be refused, by SMEP or by XD.
    distinguishesFetches = executionPrevention || state.noExecute
    alignmentCheck = state.alignmentCheck
    separatesSpaces =
      state.isLongMode && RegisterLayouts.spaceSeparation.isSet(in: state.cr4)
    loadsTopTable = state.mode == .pae && !state.features.walksPDPTEs
    pkru = state.pkru
    pkrs = state.pkrs
    tags = AddressTags(state)
    arm64 = ARM64AccessRules(state)
  }

  /// The linear address that an access to `pointer` translates: without the tag of a data address.
  @inlinable
  public func linearAddress(_ pointer: UInt64, for access: Access) -> UInt64 {
    tags.areOff || !tags.apply(to: access) ? pointer : tags.removed(from: pointer)
  }

  /// Whether CR4.LASS keeps the access out of the half of addresses that `pointer` is in: user mode
  /// out of the upper half; the supervisor out of the lower, with fetches whatever SMEP says, with
  /// data as SMAP does (SDM 3A, "Linear-Address-Space Separation").
  ///
  /// No table is read for it: bit 63 of the address decides, which address tags leave alone.
  @inlinable
  public func separates(_ pointer: UInt64, from access: Access) -> Bool {
    guard separatesSpaces else { return false }
    let isUpper = pointer &>> 63 == 1
    if access.privilege == .user { return isUpper }
    return !isUpper && (!access.isData || isPrevented(access, true))
  }

  /// The part of the error code that depends on the access alone (SDM 3A, 4.7).
  @inlinable
  public func errorCode(of access: Access) -> PageFaultErrorCode {
    var code: PageFaultErrorCode = []
    if access.isWrite { code.formUnion(.write) }
    if access.privilege == .user { code.formUnion(.user) }
    if access.kind == .execute && distinguishesFetches { code.formUnion(.instruction) }
    if access.isShadowStack { code.formUnion(.shadowStack) }
    return code
  }

  /// The error code of the fault that refuses an access to a page that is mapped.
  @inlinable
  public func errorCode(of access: Access, refused: AccessRefusal) -> PageFaultErrorCode {
    var code = errorCode(of: access).union(.protection)
    // PK is set whenever the key forbids the access, whatever else forbids it.
    if !refused.isDisjoint(with: .byKey) { code.formUnion(.protectionKey) }
    return code
  }

  /// The rules that refuse an access to a page; none where it is allowed.
  ///
  /// `rights` are those over all levels, `isShadowStack` says whether the page is one of a shadow
  /// stack, `key` is its protection key (SDM 3A, 4.6.1 and 4.6.2).
  @inlinable
  public func refusal(
    of access: Access, rights: Rights, isShadowStack: Bool, key: UInt64
  ) -> AccessRefusal {
    let isUserPage = rights.contains(.user)
    let isUserAccess = access.privilege == .user
    var refusal: AccessRefusal = []
    if isUserAccess && !isUserPage { refusal.formUnion(.supervisorPage) }
    switch access.kind {
    case .read:
      if isPrevented(access, isUserPage) { refusal.formUnion(.accessPrevention) }
    case .write:
      if !rights.contains(.write) && (writeProtect || isUserAccess) {
        refusal.formUnion(.readOnly)
      }
      if isPrevented(access, isUserPage) { refusal.formUnion(.accessPrevention) }
    case .execute:
      if !rights.contains(.execute) { refusal.formUnion(.executeDisabled) }
      if !isUserAccess && isUserPage && executionPrevention {
        refusal.formUnion(.executionPrevention)
      }
    case .shadowStackRead, .shadowStackWrite:
      if !isShadowStack { refusal.formUnion(.noShadowStack) }
      // RFLAGS.AC does not help here, nor does SMAP matter.
      if !isUserAccess && isUserPage { refusal.formUnion(.userShadowStack) }
    }
    return refusal.union(keyRefusal(of: access, isUserPage: isUserPage, key: key))
  }

  /// SMAP: the supervisor reads and writes user pages only explicitly and with AC=1.
  @inlinable
  func isPrevented(_ access: Access, _ isUserPage: Bool) -> Bool {
    guard accessPrevention && isUserPage && access.privilege != .user else { return false }
    return !alignmentCheck || access.privilege == .supervisorImplicit
  }

  /// What the protection key refuses: whose page it is decides which register counts.
  @inlinable
  public func keyRefusal(of access: Access, isUserPage: Bool, key: UInt64) -> AccessRefusal {
    guard access.isData, isUserPage ? userKeys : supervisorKeys else { return [] }
    let rights = ProtectionKeyRights(isUserPage ? pkru : pkrs, key: key)
    var refusal: AccessRefusal = []
    if rights.disablesAccess { refusal.formUnion(.keyDisablesAccess) }
    // CR0.WP=0 frees the supervisor, and supervisor pages, from WD.
    let respectsWrite = writeProtect || (isUserPage && access.privilege == .user)
    if rights.disablesWrite && access.isWrite && respectsWrite {
      refusal.formUnion(.keyDisablesWrite)
    }
    return refusal
  }
}

/// What PKRU or PKRS say about one key: two bits for each of sixteen keys (SDM 3A, 4.6.2).
@frozen public struct ProtectionKeyRights: Hashable, Sendable {
  /// ADi: no data access.
  public let disablesAccess: Bool
  /// WDi: no write, for the supervisor only if CR0.WP=1.
  public let disablesWrite: Bool

  /// Reads the rights of key `key` from a register.
  @inlinable
  public init(_ register: UInt64, key: UInt64) {
    let pair = register &>> (key &* 2)
    disablesAccess = Self.accessDisable.isSet(in: pair)
    disablesWrite = Self.writeDisable.isSet(in: pair)
  }

  @inlinable static var accessDisable: BitField {
    BitField("AD", 0, .value, "data accesses are refused")
  }
  @inlinable static var writeDisable: BitField {
    BitField("WD", 1, .value, "writes are refused")
  }
}
