import BitLayout
public import PhysicalMemory

/// What a processor does with an access.
public enum AccessResult: Hashable, Sendable {
  /// The access is made; `updates` are the accessed and dirty bits that the processor sets.
  case translated(Translation, updates: [EntryUpdate])
  /// A page fault with this error code, and where the walk stood.
  case pageFault(PageFaultErrorCode, WalkResult)
  /// A general-protection exception: the address is not canonical, or a PAE PDPTE that is in use
  /// has reserved bits, which the processor finds as CR3 is loaded (SDM 3A, 4.4.1).
  case generalProtection(WalkStop)
  /// A table is not in the image; nothing is known.
  case missing(WalkStop)
}

/// An accessed or dirty bit that the processor sets in an entry.
public struct EntryUpdate: Hashable, Sendable {
  /// The physical address of the entry.
  public var address: PhysicalAddress
  /// The level of the entry.
  public var level: Int
  /// The entry before the access.
  public var before: UInt64
  /// The entry after the access.
  public var after: UInt64

  /// Describes an update.
  public init(address: PhysicalAddress, level: Int, before: UInt64, after: UInt64) {
    self.address = address
    self.level = level
    self.before = before
    self.after = after
  }
}

/// Keeps what the access check and the accessed and dirty bits need of a walk, without an array.
@frozen public struct AccessRecorder: WalkObserver {
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
  /// What the processor does with an access.
  @inlinable
  public func access(
    _ address: VirtualAddress, _ access: Access, rules: AccessRules
  ) -> AccessResult {
    var recorder = AccessRecorder()
    let result = translate(address, observer: &recorder)
    switch result {
    case .stopped(let stop): return rules.result(of: access, stop, Format.mode)
    case .mapped(let translation):
      if let code = rules.violation(of: access, translation, recorder) {
        return .pageFault(code, result)
      }
      return .translated(
        translation, updates: rules.updates(of: access, translation, recorder, Format.mode))
    }
  }
}

extension AccessRules {
  @usableFromInline
  func result(of access: Access, _ stop: WalkStop, _ mode: PagingMode) -> AccessResult {
    switch stop.cause {
    case .missing: .missing(stop)
    case .nonCanonical: .generalProtection(stop)
    case .notPresent: .pageFault(errorCode(of: access), .stopped(stop))
    case .reservedBits:
      mode == .pae && stop.level == mode.levelCount
        ? .generalProtection(stop)
        : .pageFault(
          errorCode(of: access).union([.protection, .reserved]), .stopped(stop))
    }
  }

  @usableFromInline
  func violation(
    of access: Access, _ translation: Translation, _ recorder: AccessRecorder
  ) -> PageFaultErrorCode? {
    let entry = translation.entry
    let isShadowStack =
      recorder.rightsAbove.contains(.write) && !X86Fields.writable.isSet(in: entry)
      && X86Fields.dirty.isSet(in: entry)
    return violation(
      of: access, rights: translation.rights, isShadowStack: isShadowStack,
      key: X86Fields.protectionKey.value(in: entry))
  }

  /// The accessed bit of every entry that was used, and the dirty bit of the last one for a write
  /// (SDM 3A, 4.8); a PAE PDPTE has no accessed bit.
  @usableFromInline
  func updates(
    of access: Access, _ translation: Translation, _ recorder: AccessRecorder, _ mode: PagingMode
  ) -> [EntryUpdate] {
    var updates: [EntryUpdate] = []
    for level in (translation.level...mode.levelCount).reversed() {
      if mode == .pae && level == mode.levelCount { continue }
      let before = recorder.entries[level]
      var after = before | X86Fields.accessed.mask
      if level == translation.level && access.isWrite { after |= X86Fields.dirty.mask }
      guard after != before else { continue }
      updates.append(
        EntryUpdate(
          address: PhysicalAddress(recorder.addresses[level]), level: level, before: before,
          after: after))
    }
    return updates
  }
}
