import BitLayout

/// The registers that decide whether an access is allowed, unpacked once for many accesses.
public struct AccessRules: Hashable, Sendable {
  private let writeProtect: Bool
  private let executionPrevention: Bool
  private let accessPrevention: Bool
  private let userKeys: Bool
  private let supervisorKeys: Bool
  /// Whether the error code tells fetches from reads.
  private let distinguishesFetches: Bool
  private let pkru: UInt64
  private let pkrs: UInt64
  /// RFLAGS.AC, which lifts SMAP for explicit accesses.
  private let alignmentCheck: Bool

  /// Takes the rules from the registers; `alignmentCheck` is RFLAGS.AC.
  public init(_ state: PagingState, alignmentCheck: Bool = false) {
    let longMode = state.mode == .x86_64 || state.mode == .la57
    writeProtect = RegisterLayouts.writeProtect.isSet(in: state.cr0)
    executionPrevention = RegisterLayouts.executionPrevention.isSet(in: state.cr4)
    accessPrevention = RegisterLayouts.accessPrevention.isSet(in: state.cr4)
    userKeys = longMode && RegisterLayouts.userKeys.isSet(in: state.cr4)
    supervisorKeys = longMode && RegisterLayouts.supervisorKeys.isSet(in: state.cr4)
    distinguishesFetches = executionPrevention || state.noExecute
    pkru = state.pkru
    pkrs = state.pkrs
    self.alignmentCheck = alignmentCheck
  }

  /// The part of the error code that depends on the access alone.
  public func errorCode(of access: Access) -> PageFaultErrorCode {
    var code: PageFaultErrorCode = []
    if access.isWrite { code.insert(.write) }
    if access.privilege == .user { code.insert(.user) }
    if access.kind == .execute && distinguishesFetches { code.insert(.instruction) }
    if access.isShadowStack { code.insert(.shadowStack) }
    return code
  }

  /// The error code of the fault that an access to a page raises, or nil where it is allowed.
  ///
  /// `rights` are those over all levels, `isShadowStack` says whether the page is one of a shadow
  /// stack, `key` is its protection key (SDM 3A, 4.6.1 and 4.6.2).
  public func violation(
    of access: Access, rights: Rights, isShadowStack: Bool, key: UInt64
  ) -> PageFaultErrorCode? {
    let keyForbids = keyForbids(access, isUserPage: rights.contains(.user), key: key)
    let isAllowed = isAllowed(access, rights, isShadowStack: isShadowStack)
    guard keyForbids || !isAllowed else { return nil }
    var code = errorCode(of: access).union(.protection)
    // PK is set whenever the key forbids the access, whatever else forbids it (4.7).
    if keyForbids { code.insert(.protectionKey) }
    return code
  }

  private func isAllowed(_ access: Access, _ rights: Rights, isShadowStack: Bool) -> Bool {
    let isUserPage = rights.contains(.user)
    if access.privilege == .user && !isUserPage { return false }
    switch access.kind {
    case .read: return access.privilege == .user || supervisorReaches(access, isUserPage)
    case .write:
      if access.privilege == .user { return rights.contains(.write) }
      let isWritable = rights.contains(.write) || !writeProtect
      return isWritable && supervisorReaches(access, isUserPage)
    case .execute:
      if access.privilege != .user && isUserPage && executionPrevention { return false }
      return rights.contains(.execute)
    case .shadowStackRead, .shadowStackWrite:
      // A supervisor shadow-stack access needs a supervisor page, AC notwithstanding.
      return isShadowStack && isUserPage == (access.privilege == .user)
    }
  }

  /// SMAP: the supervisor reads and writes user pages only explicitly and with AC=1.
  private func supervisorReaches(_ access: Access, _ isUserPage: Bool) -> Bool {
    guard isUserPage && accessPrevention else { return true }
    return alignmentCheck && access.privilege == .supervisor
  }

  private func keyForbids(_ access: Access, isUserPage: Bool, key: UInt64) -> Bool {
    guard access.isData, isUserPage ? userKeys : supervisorKeys else { return false }
    let rights = ProtectionKeyRights(isUserPage ? pkru : pkrs, key: key)
    if rights.disablesAccess { return true }
    return rights.disablesWrite && access.isWrite
      && (writeProtect || (isUserPage && access.privilege == .user))
  }
}

/// What PKRU or PKRS say about one key: two bits for each of sixteen keys (SDM 3A, 4.6.2).
public struct ProtectionKeyRights: Hashable, Sendable {
  /// ADi: no data access.
  public let disablesAccess: Bool
  /// WDi: no write, for the supervisor only if CR0.WP=1.
  public let disablesWrite: Bool

  /// Reads the rights of key `key` from a register.
  public init(_ register: UInt64, key: UInt64) {
    let pair = register >> (key * 2)
    disablesAccess = Self.accessDisable.isSet(in: pair)
    disablesWrite = Self.writeDisable.isSet(in: pair)
  }

  private static let accessDisable = BitField("AD", 0, .value, "data accesses are refused")
  private static let writeDisable = BitField("WD", 1, .value, "writes are refused")
}
