import BitLayout
public import LinuxMemory
public import Paging
import PhysicalMemory
import WindowsMemory

/// What the user says about a machine, over what the image says itself.
public struct MachineOverrides: Hashable, Sendable {
  /// `--mode`.
  public var mode: PagingMode?
  /// `--root`: CR3 or TTBR0_EL1, low bits allowed.
  public var root: UInt64?
  /// `--cr0`.
  public var cr0: UInt64?
  /// `--cr4`.
  public var cr4: UInt64?
  /// `--efer`.
  public var efer: UInt64?
  /// `--pkru`.
  public var pkru: UInt64?
  /// `--pkrs`.
  public var pkrs: UInt64?
  /// `--ttbr1`.
  public var ttbr1: UInt64?
  /// `--tcr`.
  public var tcr: UInt64?
  /// `--sctlr`.
  public var sctlr: UInt64?
  /// `--mair`.
  public var mair: UInt64?
  /// `--pat`.
  public var pat: UInt64?
  /// `--pan`: PSTATE.PAN is 1.
  public var privilegedAccessNever = false
  /// `--physical-bits`.
  public var physicalBits: Int?
  /// `--vendor`.
  public var vendor: PagingState.Vendor?
  /// `--c-bit`.
  public var encryptionBit: Int?
  /// `--shared-bit`.
  public var sharedBit: Int?
  /// `--ac`: RFLAGS.AC is 1.
  public var alignmentCheck = false
  /// `--accept pdpte-accessed`.
  public var acceptsAccessedPDPTE = false
  /// `--accept pdpte-walked`.
  public var walksPDPTEs = false
  /// `--os`.
  public var system: String?
  /// `--kernel-config`.
  public var linuxOptions: LinuxOptions?
  /// `--maps`: the areas of the process.
  public var areas: MemoryAreas?
  /// The file that `areas` comes from.
  public var areasFile: String?
  /// `--invalid-mask`.
  public var invalidMask: UInt64?
  /// `--process-list`.
  public var processListHead: UInt64?
  /// `--pfn-database`.
  public var pfnDatabase: UInt64?
  /// `--virtual-store`.
  public var virtualStore: UInt64?
  /// `--pid`.
  public var pid: UInt64?
  /// `--process`.
  public var process: String?

  /// Overrides nothing.
  public init() {}

  /// Why a machine cannot be made, with what the user can do about it.
  public struct Problem: Error, Hashable, CustomStringConvertible, Sendable {
    /// The reason and the remedy.
    public let description: String

    /// Describes a problem.
    public init(_ description: String) { self.description = description }
  }

  /// Applies the overrides to a machine.
  ///
  /// A root that is given becomes the only address space; a process selects among those known.
  ///
  /// - Throws: what is impossible about what the user says. What is impossible about what the image
  ///   itself records is a warning: dumps are taken of machines that are in trouble.
  public func apply(to machine: inout Machine) throws(Problem) {
    let recorded = machine.paging.contradictions
    applyMode(to: &machine)
    try checkRegisters(of: machine.paging.mode)
    applyRegisters(to: &machine)
    applyProcessor(to: &machine)
    try applySystem(to: &machine)
    try chooseRoot(of: &machine)
    if let areas { machine.take(areas, from: areasFile ?? "--maps") }
    try checkState(of: &machine, recorded)
  }

  private func checkState(of machine: inout Machine, _ recorded: [String]) throws(Problem) {
    for contradiction in machine.paging.contradictions {
      guard recorded.contains(contradiction) else { throw Problem(contradiction) }
      machine.warn("the image records an impossible state of registers: \(contradiction)")
    }
    if root != nil, let problem = machine.paging.rootContradiction { throw Problem(problem) }
    let deviation = [
      ("pdpte-accessed", acceptsAccessedPDPTE), ("pdpte-walked", walksPDPTEs),
    ].first(where: \.1)
    guard let deviation, machine.paging.mode != .pae else { return }
    throw Problem(
      "--accept \(deviation.0) is about PDPTEs of mode pae, which processors load with CR3; the mode "
        + "is \(machine.paging.mode.rawValue)")
  }

  private func applyMode(to machine: inout Machine) {
    guard let mode, mode != machine.paging.mode else { return }
    var state = PagingState(mode: mode, cr3: machine.paging.cr3)
    state.physicalBits = machine.paging.physicalBits
    state.features = machine.paging.features
    state.vendor = machine.paging.vendor
    machine.paging = state
    // What was known of the registers of the other mode holds no longer.
    machine.provenance.removeAll { Self.registers.contains($0.subject) }
    machine.note("mode", mode.rawValue, from: "--mode")
    if mode != .x86, mode != .arm64 { machine.note("NXE", "1", from: "default of the mode") }
  }

  /// The subjects of `Provenance` that are about registers of a mode.
  private static let registers: Set = [
    "CR0", "CR4", "EFER", "NXE", "PKRU", "PKRS", "TTBR1", "TCR", "SCTLR", "PAN",
    "PAT", "MAIR",
  ]

  /// Refuses what only processors of the other architecture have.
  private func checkRegisters(of mode: PagingMode) throws(Problem) {
    let ofX86 = [
      ("--cr0", cr0 != nil), ("--cr4", cr4 != nil), ("--efer", efer != nil),
      ("--pkru", pkru != nil), ("--pkrs", pkrs != nil), ("--ac", alignmentCheck),
      ("--pat", pat != nil),
      ("--vendor", vendor != nil), ("--accept", acceptsAccessedPDPTE || walksPDPTEs),
    ]
    let ofARM64 = [
      ("--ttbr1", ttbr1 != nil), ("--tcr", tcr != nil), ("--sctlr", sctlr != nil),
      ("--pan", privilegedAccessNever), ("--mair", mair != nil),
    ]
    let strangers = mode == .arm64 ? ofX86 : ofARM64
    guard let name = strangers.first(where: \.1)?.0 else { return }
    let whose = mode == .arm64 ? "x86" : "arm64"
    throw Problem("\(name) is of \(whose); the mode is \(mode.rawValue)")
  }

  private func applyRegisters(to machine: inout Machine) {
    func set(
      _ value: UInt64?, _ path: WritableKeyPath<PagingState, UInt64>, _ name: String,
      implied: UInt64 = 0
    ) {
      guard let value else { return }
      let whole = value | implied
      machine.paging[keyPath: path] = whole
      let source = whole == value ? "--\(name)" : "--\(name) \(value.hex), the rest by --mode"
      machine.note(name.uppercased(), whole.hex, from: source)
    }
    // `--cr4 0x100000` asks for SMEP; it does not take the mode back that --mode has set.
    let implied = mode.map(PagingState.bits(impliedBy:)) ?? (cr0: 0, cr4: 0, efer: 0)
    set(cr0, \.cr0, "cr0", implied: implied.cr0)
    set(cr4, \.cr4, "cr4", implied: implied.cr4)
    set(efer, \.efer, "efer", implied: implied.efer)
    set(pkru, \.pkru, "pkru")
    set(pkrs, \.pkrs, "pkrs")
    set(pat, \.pat, "pat")
    // What was assumed or set by default about NXE no longer holds.
    if efer != nil { machine.provenance.removeAll { $0.subject == "NXE" } }
    if let ttbr1 {
      machine.paging.arm64.ttbr1 = ttbr1
      machine.note("TTBR1", ttbr1.hex, from: "--ttbr1")
    }
    set(tcr, \.arm64.tcr, "tcr")
    set(sctlr, \.arm64.sctlr, "sctlr")
    set(mair, \.mair, "mair")
    if privilegedAccessNever {
      machine.paging.arm64.privilegedAccessNever = true
      machine.note("PAN", "1", from: "--pan")
    }
    guard let physicalBits else { return }
    machine.paging.physicalBits = physicalBits
    machine.note("MAXPHYADDR", "\(physicalBits)", from: "--physical-bits")
  }

  private func applyProcessor(to machine: inout Machine) {
    if acceptsAccessedPDPTE { machine.paging.features.acceptsAccessedPDPTE = true }
    if walksPDPTEs { machine.paging.features.walksPDPTEs = true }
    if alignmentCheck {
      machine.paging.alignmentCheck = true
      machine.note("AC", "1", from: "--ac")
    }
    if let vendor {
      machine.paging.vendor = vendor
      machine.note("vendor", vendor.rawValue, from: "--vendor")
    }
    if let encryptionBit {
      machine.paging.encryptionBit = encryptionBit
      machine.note("C-bit", "\(encryptionBit)", from: "--c-bit")
    }
    if let sharedBit {
      machine.paging.sharedBit = sharedBit
      machine.note("shared bit", "\(sharedBit)", from: "--shared-bit")
    }
  }
}

extension PagingState {
  /// The bits without which the mode would be another; a mode that is named sets them.
  fileprivate static func bits(
    impliedBy mode: PagingMode
  ) -> (cr0: UInt64, cr4: UInt64, efer: UInt64) {
    let fields = RegisterLayouts.self
    let pae = fields.physicalAddressExtension.mask
    let longMode = fields.longModeEnable.mask | fields.longModeActive.mask
    return switch mode {
    case .x86: (fields.pagingEnable.mask, 0, 0)
    case .pae: (fields.pagingEnable.mask, pae, 0)
    case .x86_64: (fields.pagingEnable.mask, pae, longMode)
    case .la57: (fields.pagingEnable.mask, pae | fields.fiveLevel.mask, longMode)
    case .arm64: (0, 0, 0)
    }
  }
}

extension Machine {
  /// Adds a warning, once.
  fileprivate mutating func warn(_ text: String) {
    if !warnings.contains(text) { warnings.append(text) }
  }

  /// Records how a fact became known, in the place of what was recorded before.
  public mutating func note(_ subject: String, _ value: String, from source: String) {
    provenance.removeAll { $0.subject == subject }
    provenance.append(Provenance(subject, value, from: source))
  }

  /// Records a fact on which no translation depends.
  mutating func noteAside(_ subject: String, _ value: String, from source: String) {
    provenance.removeAll { $0.subject == subject }
    provenance.append(Provenance(subject, value, from: source, isAside: true))
  }
}
