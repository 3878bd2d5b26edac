public import BitLayout
public import PhysicalMemory

/// The registers that decide whether an access of arm64 is allowed, unpacked once.
@frozen public struct ARM64AccessRules: Hashable, Sendable {
  /// TCR_EL1.HA.
  @usableFromInline let setsAccessFlag: Bool
  /// TCR_EL1.HD, which needs HA.
  @usableFromInline let setsDirty: Bool
  /// SCTLR_EL1.WXN.
  @usableFromInline let writableNeverExecuted: Bool
  /// PSTATE.PAN.
  @usableFromInline let privilegedAccessNever: Bool
  /// SCTLR_EL1.EPAN.
  @usableFromInline let enhancedPAN: Bool

  /// Takes the rules from the registers.
  public init(_ state: PagingState) {
    let fields = ARM64RegisterLayouts.self
    let (tcr, sctlr) = (state.arm64.tcr, state.arm64.sctlr)
    setsAccessFlag = fields.hardwareAccess.isSet(in: tcr)
    setsDirty = setsAccessFlag && fields.hardwareDirty.isSet(in: tcr)
    writableNeverExecuted = fields.writableNeverExecuted.isSet(in: sctlr)
    privilegedAccessNever = state.arm64.privilegedAccessNever
    enhancedPAN = fields.enhancedPAN.isSet(in: sctlr)
  }

  /// Whether the dirty state of the page is the processor's business: AP[2] then says clean.
  @inlinable
  func managesDirtyState(of entry: UInt64) -> Bool {
    setsDirty && ARM64Layouts.dirtyModifier.isSet(in: entry)
  }

  /// The rules that refuse an access to a page with the descriptor `entry`; empty where it is
  /// allowed.
  ///
  /// `rights` are those over all levels, with execution by EL0 and EL1 apart, `rightsAbove` those
  /// that the tables leave (ARM ARM D8.4.1 to D8.4.3).
  @inlinable
  func refusal(
    of access: Access, entry: UInt64, rights: Rights, rightsAbove: Rights
  ) -> ARM64Refusal {
    let isUser = access.privilege == .user
    // A clean page that the processor may make dirty counts as writable in every respect.
    let isWritable =
      rights.contains(.write) || (managesDirtyState(of: entry) && rightsAbove.contains(.write))
    let isUserPage = rights.contains(.user)
    var refusal: ARM64Refusal = []
    guard access.isData else {
      if isUser {
        if !rights.contains(.execute) { refusal.formUnion(.userExecuteNever) }
      } else {
        if !rights.contains(.privilegedExecute) { refusal.formUnion(.privilegedExecuteNever) }
        if isUserPage && isWritable { refusal.formUnion(.userWritable) }
      }
      if writableNeverExecuted && isWritable && (isUserPage || !isUser) {
        refusal.formUnion(.writableNeverExecuted)
      }
      return refusal
    }
    if access.isWrite && !isWritable { refusal.formUnion(.readOnly) }
    if isUser {
      if !isUserPage { refusal.formUnion(.privilegedPage) }
    } else if privilegedAccessNever
      && (isUserPage || (enhancedPAN && rights.contains(.execute)))
    {
      refusal.formUnion(.privilegedAccessNever)
    }
    return refusal
  }

  /// The descriptor after an access that is made: AF set, and AP[2] cleared by a write to a clean
  /// page (ARM ARM D8.5.4 and D8.5.5).
  @inlinable
  func updated(_ entry: UInt64, by access: Access) -> UInt64 {
    let used = setsAccessFlag ? entry | ARM64Layouts.accessFlag.mask : entry
    return access.isWrite && managesDirtyState(of: entry)
      ? used & ~ARM64Layouts.accessReadOnly : used
  }
}

extension ARM64Walker {
  /// What the processor does with an access to `pointer`.
  ///
  /// Faults come in the order of the manual: translation and address size, at the first level that
  /// has one, then the access flag, then permissions (ARM ARM D8.15.2). Every supervisor access
  /// counts as one by EL1, and those to shadow stacks as data accesses.
  @inlinable
  public func access(
    _ pointer: VirtualAddress, _ access: Access, rules: AccessRules
  ) -> AccessResult {
    var record = AccessRecorder()
    let half = self.rules(for: pointer)
    if half.refuses(pointer.rawValue, access) {
      let stop = WalkStop(
        cause: .nonCanonical, level: 0, entryAddress: half.table, entry: 0)
      return .abort(ARM64Abort(.translation, level: 0, of: access, walk: .stopped(stop)))
    }
    let walk = translate(pointer, observer: &record)
    switch walk {
    case .stopped(let stop):
      if stop.cause == .missing { return .missing(stop) }
      return .abort(Self.abort(of: access, stop, walk))
    case .mapped(let translation):
      return result(of: access, translation, walk, record, rules.arm64)
    }
  }

  @usableFromInline
  static func abort(of access: Access, _ stop: WalkStop, _ walk: WalkResult) -> ARM64Abort {
    let fault: ARM64Abort.Fault
    if case .reservedBits = stop.cause { fault = .addressSize } else { fault = .translation }
    let level = stop.level == 0 ? 0 : Self.lookupLevel(stop.level)
    return ARM64Abort(fault, level: level, of: access, walk: walk)
  }

  /// The architecture's number of a level: -1 to 3.
  @inlinable
  static func lookupLevel(_ level: Int) -> Int { 4 &- level }

  @inlinable
  func result(
    of access: Access, _ translation: Translation, _ walk: WalkResult, _ record: AccessRecorder,
    _ rules: ARM64AccessRules
  ) -> AccessResult {
    let entry = translation.entry
    let level = Self.lookupLevel(translation.level)
    guard rules.setsAccessFlag || ARM64Layouts.accessFlag.isSet(in: entry) else {
      return .abort(ARM64Abort(.accessFlag, level: level, of: access, walk: walk))
    }
    let refusal = rules.refusal(
      of: access, entry: entry, rights: record.rights, rightsAbove: record.rightsAbove)
    guard refusal.isEmpty else {
      return .abort(
        ARM64Abort(.permission, level: level, of: access, refusal: refusal, walk: walk))
    }
    return .translated(
      translation,
      updates: EntryUpdates(
        record, level: translation.level, after: rules.updated(entry, by: access)))
  }
}

extension ARM64HalfRules {
  /// Whether an access faults before any table is thought of, although the address is one of the
  /// half: EL0 accesses with TCR_EL1.E0PDn=1, fetches from an address whose tag is for data.
  @inlinable
  func refuses(_ pointer: UInt64, _ access: Access) -> Bool {
    if refusesUser && access.privilege == .user { return true }
    guard !access.isData && fetchSignMask != signMask else { return false }
    return pointer & fetchSignMask != (half == .lower ? 0 : fetchSignMask)
  }
}
