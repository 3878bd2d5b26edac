package import DumpFormats
package import LinuxMemory
package import Machine
package import Paging
import PhysicalMemory
package import WindowsMemory

/// What a machine is beside its memory, and what leads to the kernel in it.
package struct MachineFields {
  package private(set) var paging = PagingState(mode: .x86_64)
  package private(set) var spaces: [AddressSpace] = []
  package private(set) var windows: WindowsSystem?
  package private(set) var linux: LinuxSystem?
  package private(set) var provenance: [Machine.Provenance] = []
  package private(set) var warnings: [String] = []

  /// Reads the fields, which must be all of the bytes.
  package init(reading bytes: [UInt8]) throws(FieldTape.Unreadable) {
    var tape = FieldTape(reading: bytes)
    try run(&tape)
    guard tape.isAtEnd else { throw FieldTape.Unreadable() }
  }

  /// Takes what a machine is; nil where it is more than can be kept.
  package init?(_ machine: Machine) {
    guard machine.addressSpaces.allSatisfy({ $0.areas == nil }) else { return nil }
    paging = machine.paging
    spaces = machine.addressSpaces
    windows = machine.system.windows
    linux = machine.system.linux
    provenance = machine.provenance
    warnings = machine.warnings
  }

  /// The machine that a dump is.
  package func machine(_ dump: DumpFile) -> Machine {
    Machine(
      dump, paging: paging, addressSpaces: spaces,
      system: windows.map { .windows($0) } ?? linux.map { .linux($0) } ?? .none,
      provenance: provenance, warnings: warnings)
  }

  /// The fields in bytes.
  package func bytes() throws(FieldTape.Unreadable) -> [UInt8] {
    var tape = FieldTape()
    var fields = self
    try fields.run(&tape)
    return tape.bytes
  }

  /// Reads or writes all fields.
  private mutating func run(_ tape: inout FieldTape) throws(FieldTape.Unreadable) {
    try paging.run(&tape)
    try tape.list(&spaces, AddressSpace(register: 0, foundBy: "")) {
      tape, space throws(FieldTape.Unreadable) in try space.run(&tape)
    }
    let mode = paging.mode
    var kernel = windows?.kernel.id
    try tape.optional(&kernel, WindowsKernelID(build: 0)) {
      tape, kernel throws(FieldTape.Unreadable) in try kernel.run(&tape)
    }
    if let kernel {
      var system: WindowsSystem
      if let windows { system = windows } else { system = try Self.system(kernel, mode) }
      try system.run(&tape)
      windows = system
    }
    try LinuxSystem.run(&linux, mode, &tape)
    try tape.list(&provenance, Machine.Provenance("", "", from: "")) {
      tape, fact throws(FieldTape.Unreadable) in
      try tape.text(&fact.subject)
      try tape.text(&fact.value)
      try tape.text(&fact.source)
      try tape.flag(&fact.isAside)
    }
    try tape.list(&warnings, "") {
      tape, warning throws(FieldTape.Unreadable) in try tape.text(&warning)
    }
  }

  private static func system(
    _ kernel: WindowsKernelID, _ mode: PagingMode
  ) throws(FieldTape.Unreadable) -> WindowsSystem {
    guard let kernel = try? WindowsKernel(kernel, WindowsEntryFormat(mode)) else {
      throw FieldTape.Unreadable()
    }
    return WindowsSystem(kernel, from: .init(.assumed, ""))
  }
}

extension PagingState {
  mutating func run(_ tape: inout FieldTape) throws(FieldTape.Unreadable) {
    try tape.choice(&mode)
    for path in [\PagingState.cr3, \.cr0, \.cr4, \.efer, \.pkru, \.pkrs, \.pat] {
      try tape.number(&self[keyPath: path])
    }
    try tape.number(&physicalBits)
    guard (32...52).contains(physicalBits) else { throw FieldTape.Unreadable() }
    try tape.optional(&vendor, .intel) {
      tape, vendor throws(FieldTape.Unreadable) in try tape.choice(&vendor)
    }
    try tape.number(&encryptionBit)
    try tape.number(&sharedBit)
    try tape.flag(&alignmentCheck)
    try tape.flag(&features.pse36)
    try tape.flag(&features.page1G)
    try tape.flag(&features.acceptsAccessedPDPTE)
    try tape.flag(&features.walksPDPTEs)
    try tape.number(&arm64.ttbr1)
    try tape.number(&arm64.upperTableOffset)
    try tape.number(&arm64.tcr)
    try tape.number(&arm64.sctlr)
    try tape.number(&arm64.mair)
    try tape.flag(&arm64.privilegedAccessNever)
    var half = arm64.half.rawValue
    try tape.number(&half)
    guard let half = ARM64Half(rawValue: half) else { throw FieldTape.Unreadable() }
    arm64.half = half
  }
}

extension AddressSpace {
  fileprivate mutating func run(_ tape: inout FieldTape) throws(FieldTape.Unreadable) {
    try tape.number(&register)
    try tape.number(&pid)
    try tape.text(&process)
    try tape.number(&parent)
    var kernel = kernelRoot?.rawValue
    try tape.number(&kernel)
    kernelRoot = kernel.map { PhysicalAddress($0) }
    try tape.text(&foundBy)
    try tape.optional(&sureness, .doubtful) {
      tape, sureness throws(FieldTape.Unreadable) in try tape.choice(&sureness)
    }
    let empty = WindowsProcess(record: VirtualAddress(0), pid: 0, name: "", directoryTableBase: 0)
    try tape.optional(&record, empty) {
      tape, process throws(FieldTape.Unreadable) in try process.run(&tape)
    }
  }
}

extension FieldTape {
  /// A virtual address that may be missing.
  fileprivate mutating func address(_ value: inout VirtualAddress?) throws(Unreadable) {
    var number = value?.rawValue
    try self.number(&number)
    value = number.map { VirtualAddress($0) }
  }
}

extension WindowsProcess {
  fileprivate mutating func run(_ tape: inout FieldTape) throws(FieldTape.Unreadable) {
    var (place, pid, name) = (record.rawValue, pid, name)
    var (root, userRoot) = (directoryTableBase, userDirectoryTableBase)
    var (vads, environment, parent) = (vadRoot, peb, parent)
    try tape.number(&place)
    try tape.number(&pid)
    try tape.text(&name)
    try tape.number(&root)
    try tape.number(&userRoot)
    try tape.address(&vads)
    try tape.address(&environment)
    try tape.number(&parent)
    self = WindowsProcess(
      record: VirtualAddress(place), pid: pid, name: name, directoryTableBase: root,
      userDirectoryTableBase: userRoot, vadRoot: vads, peb: environment, parent: parent)
  }
}

extension WindowsKernelID {
  fileprivate mutating func run(_ tape: inout FieldTape) throws(FieldTape.Unreadable) {
    var (build, patch, isUniprocessor) = (build, patch, isUniprocessor)
    try tape.number(&build)
    try tape.number(&patch)
    try tape.flag(&isUniprocessor)
    self = WindowsKernelID(build: build, patch: patch, isUniprocessor: isUniprocessor)
  }
}

extension WindowsSystem {
  /// All but the kernel, which a system begins with.
  fileprivate mutating func run(_ tape: inout FieldTape) throws(FieldTape.Unreadable) {
    var mask = invalidMask.rawValue
    try tape.number(&mask)
    invalidMask = InvalidPTEMask(rawValue: mask)
    try tape.number(&systemRoot)
    try tape.address(&processListHead)
    try tape.address(&pfnDatabase)
    try tape.number(&virtualStore)
    try tape.flag(&isGenerationAssumed)
    var (paged, nonPaged) = (pools?.paged, pools?.nonPaged)
    try tape.number(&paged)
    try tape.number(&nonPaged)
    if let paged, let nonPaged { pools = PoolBases(paged: paged, nonPaged: nonPaged) }
    for anchor in Anchor.allCases {
      try tape.optional(&origins[anchor], Origin(.assumed, "")) {
        tape, origin throws(FieldTape.Unreadable) in
        try tape.choice(&origin.kind)
        try tape.text(&origin.detail)
      }
    }
  }
}
