import BitLayout
public import Paging
public import PhysicalMemory

/// A question to the emulated MMU in which some things are not as the machine has them.
public struct Supposition: Sendable {
  /// The paging state.
  public private(set) var state: PagingState
  /// The address, tags included.
  public let pointer: VirtualAddress
  /// The access; nil asks for the walk alone.
  public private(set) var access: Access?
  /// The bits of entries that are inverted.
  private var memory: PatchedMemory
  /// Whether it is known who made the processor; a change of registers does not change it.
  private let isVendorKnown: Bool

  /// Asks about a machine as it is.
  public init(
    _ memory: MemoryImage, _ state: PagingState, _ pointer: VirtualAddress, _ access: Access?
  ) {
    self.state = state
    isVendorKnown = state.vendor != nil || state.rulesOf == .amd
    self.state.vendor = state.rulesOf
    self.pointer = pointer
    self.access = access
    self.memory = PatchedMemory(base: memory)
  }

  /// What the MMU does, and the entries that it reads.
  public struct Verdict: Hashable, Sendable {
    /// How the walk ends.
    public let walk: WalkResult
    /// The entries read, top table first.
    public let steps: [WalkStep]
    /// What becomes of the access; nil where none was asked about.
    public let result: AccessResult?

    /// Whether a page is found, and the access to it made.
    public var isGood: Bool {
      result.map { $0.outcome == .translated } ?? (walk.outcome == .mapped)
    }

    /// What keeps the access from a page that the walk finds.
    var obstacles: Obstacles {
      switch result {
      case .pageFault(let fault): Obstacles(rules: UInt32(fault.refusal.rawValue))
      case .abort(let abort) where abort.fault == .permission:
        Obstacles(rules: UInt32(abort.refusal.rawValue))
      case .abort(let abort) where abort.fault == .accessFlag: Obstacles(isBeforeRights: true)
      case .abort, .generalProtection: Obstacles(isBeforeRights: true, isBeforeWalk: true)
      default: Obstacles()
      }
    }
  }

  /// What keeps an access from a page, as far as one sees before the first of it is gone.
  struct Obstacles: Hashable {
    /// The rules that refuse.
    var rules: UInt32 = 0
    /// The access flag is 0: rights have not been looked at.
    var isBeforeRights = false
    /// No table is read for this access.
    var isBeforeWalk = false

    /// Whether one of the other obstacles is gone, and no rule is new that had been looked at.
    func isFurther(than other: Self) -> Bool {
      if other.isBeforeWalk { return !isBeforeWalk }
      if other.isBeforeRights { return !isBeforeRights }
      return !isBeforeRights && rules != other.rules && rules & ~other.rules == 0
    }
  }

  /// Asks the emulated MMU.
  public var verdict: Verdict {
    var question = RecordedQuestion(
      pointer: pointer, access: access, rules: AccessRules(state))
    return state.perform(&question, over: memory)
  }

  /// The question with some things different; nil where no processor is in such a state.
  public func supposing(_ changes: [Change]) -> Supposition? {
    var other = self
    for change in changes { other.apply(change) }
    // What is impossible of the machine as it is says nothing against the change.
    let known = state.contradictions
    guard other.state.contradictions.allSatisfy(known.contains) else { return nil }
    if let access = other.access, other.state.contradiction(of: access) != nil { return nil }
    return other
  }

  private mutating func apply(_ change: Change) {
    switch change {
    case .register(let register, _, let bits, let isSet):
      register.set(bits, to: isSet, in: &state)
    case .entry(_, let address, _, let bits, _): memory.flips[address, default: 0] ^= bits
    case .physicalBits(let bits): state.physicalBits = bits
    case .outputSize(let size):
      state.tcr = ARM64RegisterLayouts.outputSize.setting(size, in: state.tcr) ?? state.tcr
    case .feature(let feature, let isPresent): state.features[keyPath: feature.path] = isPresent
    case .encryptionBit(let bit):
      state.encryptionBit = bit
      if !isVendorKnown { state.vendor = .amd }
    case .privilege(let privilege): access?.privilege = privilege
    }
  }
}

/// Memory in which bits of some words are inverted for whoever loads these words.
private struct PatchedMemory: PhysicalMemory {
  let base: MemoryImage
  var flips: [PhysicalAddress: UInt64] = [:]

  func load<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, at address: PhysicalAddress
  ) -> Word? {
    base.load(type, at: address).map { $0 ^ Word(truncatingIfNeeded: flips[address] ?? 0) }
  }

  func withBytes<Result>(
    at address: PhysicalAddress, count: Int, _ body: (RawSpan) -> Result
  ) -> Result? {
    base.withBytes(at: address, count: count, body)
  }

  var runs: [MemoryRun] { base.runs }
}

private struct RecordedQuestion: WalkerOperation {
  let pointer: VirtualAddress
  let access: Access?
  let rules: AccessRules

  mutating func run(_ walker: some TableWalker) -> Supposition.Verdict {
    let linear = access.map { rules.linearAddress(pointer.rawValue, for: $0) } ?? pointer.rawValue
    var recorder = WalkRecorder()
    let walk = walker.translate(VirtualAddress(linear), observer: &recorder)
    return Supposition.Verdict(
      walk: walk, steps: recorder.steps,
      result: access.map { walker.access(pointer, $0, rules: rules) })
  }
}
