public import BitLayout
public import PhysicalMemory

/// What a processor does with an access.
@frozen public enum AccessResult: Hashable, Sendable {
  /// The access is made; `updates` are the accessed and dirty bits that the processor sets.
  case translated(Translation, updates: EntryUpdates)
  /// A page fault.
  case pageFault(PageFault)
  /// A page fault of arm64: an instruction abort or a data abort.
  case abort(ARM64Abort)
  /// A general-protection exception: the address is not canonical or in the half that CR4.LASS keeps
  /// the access out of, or a PAE PDPTE that is in use has reserved bits, which the processor finds as
  /// CR3 is loaded (SDM 3A, 4.4.1). Accesses by way of SS raise a stack fault (#SS) instead.
  case generalProtection(WalkStop)
  /// A table is not in the image; nothing is known.
  case missing(WalkStop)

  /// The outcome in one word.
  @inlinable public var outcome: AccessOutcome {
    switch self {
    case .translated: .translated
    case .pageFault, .abort: .pageFault
    case .generalProtection: .generalProtection
    case .missing: .missing
    }
  }
}

/// The outcome of an access in one word.
@frozen public enum AccessOutcome: String, Sendable, CaseIterable {
  /// The access is made.
  case translated
  /// A page fault: #PF, or an abort of arm64.
  case pageFault = "page-fault"
  /// A general-protection exception, #GP.
  case generalProtection = "general-protection"
  /// A table that the walk needs is not in the image; nothing is known.
  case missing
}

/// A page fault and what caused it.
@frozen public struct PageFault: Hashable, Sendable {
  /// The error code on the stack.
  public var errorCode: PageFaultErrorCode
  /// The rules that refused the access; none where no page was found.
  public var refusal: AccessRefusal
  /// How the walk ended.
  public var walk: WalkResult

  /// Describes a page fault.
  @inlinable
  public init(errorCode: PageFaultErrorCode, refusal: AccessRefusal, walk: WalkResult) {
    self.errorCode = errorCode
    self.refusal = refusal
    self.walk = walk
  }
}

/// Keeps what the access check and the accessed and dirty bits need of a walk, without an array.
@frozen public struct AccessRecorder: WalkObserver, Sendable {
  @usableFromInline var entries = InlineArray<6, UInt64>(repeating: 0)
  @usableFromInline var addresses = InlineArray<6, UInt64>(repeating: 0)
  @usableFromInline var rightsAbove = Rights.all
  @usableFromInline var rights = Rights.all

  /// Creates an empty record.
  @inlinable public init() {}

  /// Keeps an entry in the place of its level.
  @inlinable
  public mutating func read(_ step: WalkStep) {
    rightsAbove = rights
    rights = step.rights
    entries[step.level] = step.entry ?? 0
    addresses[step.level] = step.entryAddress.rawValue
  }
}

extension Walker {
  /// What the processor does with an access to `pointer`.
  ///
  /// Data addresses lose their tags first, where the processor masks or ignores them; the walk is
  /// that of the linear address that is left.
  @inlinable
  public func access(
    _ pointer: VirtualAddress, _ access: Access, rules: AccessRules
  ) -> AccessResult {
    var record = AccessRecorder()
    switch decide(pointer, access, rules: rules, record: &record) {
    case .made(let translation):
      let updates = rules.updates(of: access, translation, record, Format.levelCount)
      return .translated(translation, updates: updates)
    case .pageFault(let fault): return .pageFault(fault)
    case .generalProtection(let stop): return .generalProtection(stop)
    case .missing(let stop): return .missing(stop)
    }
  }

  /// What the processor does with an access, without the entries that it changes.
  ///
  /// For those who make millions of accesses: `record` keeps what `AccessRules.updates` needs.
  @inlinable
  public func decide(
    _ pointer: VirtualAddress, _ access: Access, rules: AccessRules,
    record: inout AccessRecorder
  ) -> AccessDecision {
    let address = VirtualAddress(rules.linearAddress(pointer.rawValue, for: access))
    record = AccessRecorder()
    if rules.separates(pointer.rawValue, from: access) { return .generalProtection(outside) }
    let walk = translate(address, observer: &record)
    switch walk {
    case .stopped(let stop): return rules.decision(of: access, stop, Format.levelCount)
    case .mapped(let translation):
      let refusal = rules.refusal(of: access, translation, record)
      if refusal.isEmpty { return .made(translation) }
      let code = rules.errorCode(of: access, refused: refusal)
      return .pageFault(PageFault(errorCode: code, refusal: refusal, walk: walk))
    }
  }
}

/// What a processor does with an access, without the entries that it changes.
@frozen public enum AccessDecision: Hashable, Sendable {
  /// The access is made.
  case made(Translation)
  /// A page fault.
  case pageFault(PageFault)
  /// A general-protection exception.
  case generalProtection(WalkStop)
  /// A table is not in the image; nothing is known.
  case missing(WalkStop)
}

extension AccessRules {
  /// The entries that an access changes which is made; `record` is what it read.
  @inlinable
  public func updates(
    of access: Access, _ translation: Translation, _ record: AccessRecorder, _ levelCount: Int
  ) -> EntryUpdates {
    let top = loadsTopTable ? levelCount &- 1 : levelCount
    return EntryUpdates(record, levels: translation.level...top, setsDirty: access.isWrite)
  }

  @inlinable
  func decision(of access: Access, _ stop: WalkStop, _ levelCount: Int) -> AccessDecision {
    var code = errorCode(of: access)
    switch stop.cause {
    case .missing: return .missing(stop)
    case .nonCanonical: return .generalProtection(stop)
    case .notPresent: break
    case .reservedBits:
      if loadsTopTable && stop.level == levelCount { return .generalProtection(stop) }
      // P=1: reserved bits are looked at only in an entry that is present (SDM 3A, 4.7).
      code.formUnion([.protection, .reserved])
    }
    return .pageFault(PageFault(errorCode: code, refusal: [], walk: .stopped(stop)))
  }

  @inlinable
  func refusal(
    of access: Access, _ translation: Translation, _ record: AccessRecorder
  ) -> AccessRefusal {
    let entry = translation.entry
    // SDM 3A, 4.6.1: RW=0 and D=1 in the entry that maps the page, RW=1 in all others.
    let isShadowStack =
      record.rightsAbove.contains(.write) && !X86Fields.writable.isSet(in: entry)
      && X86Fields.dirty.isSet(in: entry)
    return refusal(
      of: access, rights: translation.rights, isShadowStack: isShadowStack,
      key: X86Fields.protectionKey.value(in: entry))
  }
}

extension PagingState {
  /// What the processor does with one access to `pointer`.
  public func access(
    _ pointer: VirtualAddress, _ access: Access, in memory: MemoryImage
  ) -> AccessResult {
    var operation = SingleAccess(pointer: pointer, access: access, rules: AccessRules(self))
    return perform(&operation, on: memory)
  }
}

private struct SingleAccess: WalkerOperation {
  let pointer: VirtualAddress
  let access: Access
  let rules: AccessRules

  mutating func run(_ walker: some TableWalker) -> AccessResult {
    walker.access(pointer, access, rules: rules)
  }
}
