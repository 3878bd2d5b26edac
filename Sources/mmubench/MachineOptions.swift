import ArgumentParser
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Workbench

/// The options that complete a machine, or override what it says of itself.
struct MachineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Paging mode: x86, pae, x86-64 or la57.", valueName: "mode"),
    transform: Self.mode)
  var mode: PagingMode?

  @Option(
    name: [.customLong("root"), .customLong("dtb"), .customLong("cr3")],
    help: ArgumentHelp("Physical address of the top table (CR3, low bits allowed)."),
    transform: Numbers.number)
  var root: UInt64?

  @Option(help: "Take the root of the process with this number.", transform: Numbers.number)
  var pid: UInt64?

  @Option(help: ArgumentHelp("Take the root of the process with this name.", valueName: "name"))
  var process: String?

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

  @Flag(help: "RFLAGS.AC is set.")
  var ac = false

  @Option(help: ArgumentHelp("Who made the processor.", valueName: "name"))
  var vendor: Vendor?

  @Option(
    help: ArgumentHelp("The bit of an entry that says encrypted (AMD SME, SEV).", valueName: "n"),
    transform: Self.addressBit)
  var cBit: Int?

  @Option(
    help: ArgumentHelp("The bit of an entry that says shared (Intel TDX).", valueName: "n"),
    transform: Self.addressBit)
  var sharedBit: Int?

  @Option(
    help: ArgumentHelp("MAXPHYADDR, 32 to 52 (52 if not given).", valueName: "n"),
    transform: Numbers.number)
  var physicalBits: UInt64?

  @Option(help: ArgumentHelp("Operating system: none.", valueName: "id"))
  var os: String?

  @Option(
    help: ArgumentHelp("Physical address at which a raw image starts."), transform: Numbers.number)
  var base: UInt64?

  @Option(
    help: ArgumentHelp(
      "Take an emulator's habit as harmless: pdpte-accessed (QEMU's accessed bit in PAE PDPTEs).",
      valueName: "habit"))
  var accept: [Habit] = []

  /// What an emulator writes and a processor does not.
  enum Habit: String, ExpressibleByArgument, CaseIterable {
    case pdpteAccessed = "pdpte-accessed"
  }

  /// A manufacturer, where they differ.
  enum Vendor: String, ExpressibleByArgument, CaseIterable {
    case intel, amd
  }

  func validate() throws {
    if let os, os != "none" {
      throw ValidationError("no operating system `\(os)`; there is: none")
    }
    if let physicalBits, !(32...52).contains(physicalBits) {
      throw ValidationError("--physical-bits \(physicalBits): processors have 32 to 52")
    }
  }

  private static func addressBit(_ text: String) throws -> Int {
    let bit = try Numbers.number(text)
    guard (12...51).contains(bit) else {
      throw ValidationError("bit \(text) is no address bit of an entry: those are 12 to 51")
    }
    return Int(bit)
  }

  private static func mode(_ text: String) throws -> PagingMode {
    if let mode = PagingMode(rawValue: text) { return mode }
    let choices = PagingMode.allCases.map(\.rawValue)
    let near = Suggestion.nearest(to: text, in: choices).map { "; did you mean `\($0)`?" } ?? ""
    throw ValidationError("no mode `\(text)`; there are \(choices.joined(separator: ", "))\(near)")
  }

  private var overrides: MachineOverrides {
    var overrides = MachineOverrides()
    overrides.mode = mode
    overrides.root = root
    overrides.pid = pid
    overrides.process = process
    overrides.cr0 = cr0
    overrides.cr4 = cr4
    overrides.efer = efer
    overrides.pkru = pkru
    overrides.pkrs = pkrs
    overrides.alignmentCheck = ac
    overrides.vendor = vendor.flatMap { PagingState.Vendor(rawValue: $0.rawValue) }
    overrides.encryptionBit = cBit
    overrides.sharedBit = sharedBit
    overrides.physicalBits = physicalBits.map(Int.init)
    overrides.acceptsAccessedPDPTE = accept.contains(.pdpteAccessed)
    overrides.system = os
    return overrides
  }

  /// Where in physical memory a raw image begins.
  var baseAddress: PhysicalAddress { PhysicalAddress(base ?? 0) }

  /// Whether the user said anything that a machine is made from.
  var saysMachine: Bool { mode != nil || root != nil || pid != nil || process != nil }

  /// Opens what the user named as MACHINE, and says what is wrong with it on standard error.
  func open(_ path: String) throws -> Machine {
    let machine = try Workbench.open(path, base: baseAddress, overrides: overrides)
    for warning in machine.warnings { Notice.warn("\(path): \(warning)") }
    return machine
  }
}

extension Machine {
  /// Refuses an address that the machine's mode does not have.
  func require(_ address: UInt64) throws {
    guard address > paging.mode.lastAddress else { return }
    throw Failure.usage(
      "\(address.hex) is not an address in mode \(paging.mode.rawValue), which has 32 bits")
  }
}
