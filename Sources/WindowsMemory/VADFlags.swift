import BitLayout

/// The flags of virtual address descriptors of one kernel.
struct VADFlags: Sendable {
  /// The words that hold flags.
  struct Words {
    let flags: UInt64
    let flags1: UInt64
  }

  private let protectionField: BitField
  private let privateMemory: BitField
  private let vadType: BitField?
  /// The flags of XP in the place of a type, with the kind that each stands for.
  private let kindFlags: [(field: BitField, kind: VAD.Kind)]
  private let memCommit: BitField?
  private let memCommit1: BitField?
  /// MemCommit among the flags of private memory, from 24H2 on.
  private let privateMemCommit: StructureMember?

  /// `_MI_VAD_TYPE`, from 0 on.
  private static let kinds: [VAD.Kind] = [
    .none, .devicePhysicalMemory, .image, .awe, .writeWatch, .largePages, .rotatePhysical,
    .largePageSection,
  ]

  init?(_ kernel: WindowsKernel) {
    guard let layout = kernel.vadFlags, let protection = layout.field(named: "Protection"),
      let privateMemory = layout.field(named: "PrivateMemory")
    else { return nil }
    protectionField = protection
    self.privateMemory = privateMemory
    vadType = layout.field(named: "VadType")
    let names: [(String, VAD.Kind)] = [
      ("PhysicalMapping", .devicePhysicalMemory), ("ImageMap", .image),
      ("UserPhysicalPages", .awe), ("WriteWatch", .writeWatch), ("LargePages", .largePages),
    ]
    kindFlags = names.compactMap { name, kind in layout.field(named: name).map { ($0, kind) } }
    memCommit = layout.field(named: "MemCommit")
    privateMemCommit = kernel.member("MemCommit", of: "_MM_PRIVATE_VAD_FLAGS")
    memCommit1 = kernel.vadFlags1?.field(named: "MemCommit")
  }

  func protection(_ words: Words) -> MMProtection {
    MMProtection(truncating: protectionField.value(in: words.flags))
  }

  func isPrivate(_ words: Words) -> Bool { privateMemory.isSet(in: words.flags) }

  func kind(_ words: Words) -> VAD.Kind {
    if let vadType { return Self.kinds[Int(vadType.value(in: words.flags))] }
    return kindFlags.first { $0.field.isSet(in: words.flags) }?.kind ?? .none
  }

  func isCommitted(_ words: Words, isPrivate: Bool) -> Bool {
    if let privateMemCommit {
      // Views have other flags at the place.
      return isPrivate && privateMemCommit.bits(of: words.flags) != 0
    }
    if let memCommit { return memCommit.isSet(in: words.flags) }
    return memCommit1?.isSet(in: words.flags1) ?? false
  }
}
