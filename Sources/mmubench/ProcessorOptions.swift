import ArgumentParser
import Machine
import Paging
import ScenarioFile

/// The options that say what the processor is and what its registers hold.
struct ProcessorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Paging mode: x86, pae, x86-64, la57 or arm64.", valueName: "mode"),
    completion: Choice.completion(PagingMode.self), transform: Self.mode)
  var mode: PagingMode?

  @Option(help: "Value of CR0.", transform: Numbers.number)
  var cr0: UInt64?

  @Option(help: "Value of CR4.", transform: Numbers.number)
  var cr4: UInt64?

  @Option(help: "Value of EFER.", transform: Numbers.number)
  var efer: UInt64?

  @Option(help: "Value of PKRU.", transform: Numbers.number)
  var pkru: UInt64?

  @Option(help: "Value of IA32_PKRS.", transform: Numbers.number)
  var pkrs: UInt64?

  @Option(help: "Value of TTBR1_EL1, the upper half of arm64.", transform: Numbers.address)
  var ttbr1: UInt64?

  @Option(
    help: "Value of TCR_EL1 (4K granule, 48 bits in both halves, DS=0 if not given).",
    transform: Numbers.number)
  var tcr: UInt64?

  @Option(help: "Value of SCTLR_EL1 (M=1 if not given).", transform: Numbers.number)
  var sctlr: UInt64?

  @Option(help: "Value of MAIR_EL1, the memory types of arm64.", transform: Numbers.number)
  var mair: UInt64?

  @Option(
    help: "Value of IA32_PAT, the memory types of x86 (as after a reset if not given).",
    transform: Numbers.number)
  var pat: UInt64?

  @Flag(help: "PSTATE.PAN is 1: EL1 does not read or write what EL0 may.")
  var pan = false

  @Flag(help: "RFLAGS.AC is 1, which lifts SMAP for explicit accesses.")
  var ac = false

  @Option(
    help: ArgumentHelp("MAXPHYADDR, 32 to 52 (52 if not given).", valueName: "n"),
    transform: Numbers.number)
  var physicalBits: UInt64?

  @Option(
    help: ArgumentHelp(
      "Who made the processor: intel (address tags by LAM) or amd (by UAI).", valueName: "name"),
    completion: Choice.completion(PagingState.Vendor.self),
    transform: { try Choice.of(PagingState.Vendor.self, "vendor", $0) })
  var vendor: PagingState.Vendor?

  @Option(
    name: .customLong("c-bit"),
    help: ArgumentHelp(
      "The address bit that says a page is encrypted (AMD SME and SEV).", valueName: "bit"),
    transform: Numbers.number)
  var encryptionBit: UInt64?

  @Option(
    name: .customLong("shared-bit"),
    help: ArgumentHelp(
      "The address bit that says a page is shared with the host (Intel TDX).", valueName: "bit"),
    transform: Numbers.number)
  var sharedBit: UInt64?

  @Option(
    help: ArgumentHelp(
      """
      Take an emulator's habit as harmless: pdpte-accessed (QEMU's accessed bit in PAE PDPTEs), \
      pdpte-walked (PAE PDPTEs are read with each walk, not loaded with CR3).
      """,
      valueName: "habit"),
    completion: Choice.completion(Habit.self),
    transform: { try Choice.of(Habit.self, "habit", $0) })
  var accept: [Habit] = []

  /// What an emulator does and a processor does not.
  enum Habit: String, CaseIterable {
    case pdpteAccessed = "pdpte-accessed"
    case pdpteWalked = "pdpte-walked"
  }

  func validate() throws {
    if let physicalBits, !(32...52).contains(physicalBits) {
      throw ValidationError("--physical-bits \(physicalBits): processors have 32 to 52")
    }
    for (name, bit) in [("--c-bit", encryptionBit), ("--shared-bit", sharedBit)] {
      guard let bit, bit > 63 else { continue }
      throw ValidationError("\(name) \(bit): an entry has the bits 0 to 63")
    }
  }

  private static func mode(_ text: String) throws -> PagingMode {
    try Choice.of(PagingMode.self, "mode", text)
  }

  /// What the options say over what a machine says of itself.
  var overrides: MachineOverrides {
    var overrides = MachineOverrides()
    overrides.mode = mode
    overrides.cr0 = cr0
    overrides.cr4 = cr4
    overrides.efer = efer
    overrides.pkru = pkru
    overrides.pkrs = pkrs
    overrides.ttbr1 = ttbr1
    overrides.tcr = tcr
    overrides.sctlr = sctlr
    overrides.mair = mair
    overrides.pat = pat
    overrides.privilegedAccessNever = pan
    overrides.alignmentCheck = ac
    overrides.physicalBits = physicalBits.map(Int.init)
    overrides.vendor = vendor
    overrides.encryptionBit = encryptionBit.map(Int.init)
    overrides.sharedBit = sharedBit.map(Int.init)
    overrides.acceptsAccessedPDPTE = accept.contains(.pdpteAccessed)
    overrides.walksPDPTEs = accept.contains(.pdpteWalked)
    return overrides
  }
}

/// Reads words of which there is a fixed choice.
enum Choice {
  /// The words, for shells that complete them.
  static func completion<Value: CaseIterable & RawRepresentable<String>>(
    _ type: Value.Type
  ) -> CompletionKind {
    .list(Value.allCases.map(\.rawValue))
  }

  /// The value of an enumeration that `text` names.
  static func of<Value: CaseIterable & RawRepresentable<String>>(
    _ type: Value.Type, _ noun: String, _ text: String
  ) throws -> Value {
    if let value = Value(rawValue: text) { return value }
    let choices = Value.allCases.map(\.rawValue)
    let near = Suggestion.nearest(to: text, in: choices).map { "; did you mean `\($0)`?" } ?? ""
    throw ValidationError(
      "no \(noun) `\(text)`; there are \(choices.joined(separator: ", "))\(near)")
  }
}
