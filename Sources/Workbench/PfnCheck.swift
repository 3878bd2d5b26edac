import LinuxMemory
import Machine
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Compares what the system's record of a frame says with what a scenario expects: of Windows the entry of the
/// PFN database, of Linux the `struct page`.
struct PfnCheck {
  private let expected: Scenario.PfnExpectation
  private let record: Record

  /// What there is of the frame.
  private enum Record {
    case windows(PFNEntry)
    case linux(LinuxFrame)
    /// What is lacking, and why.
    case none(wanted: String, reason: String)
  }

  init(_ expected: Scenario.PfnExpectation, _ machine: Machine) {
    self.expected = expected
    let number = expected.number.value
    record = machine.system.linux == nil ? Self.entry(number, machine) : Self.page(number, machine)
  }

  private static func entry(_ number: UInt64, _ machine: Machine) -> Record {
    guard let database = machine.classifier()?.pfnDatabase else {
      return .none(wanted: "a PFN database", reason: "none is known")
    }
    do throws(KernelReadFailure) {
      return .windows(try database.entry(of: number))
    } catch {
      return .none(wanted: "an entry for frame \(number.hex)", reason: "\(error)")
    }
  }

  private static func page(_ number: UInt64, _ machine: Machine) -> Record {
    guard let frames = machine.system.linux?.frames else {
      return .none(wanted: "descriptors of frames", reason: "this Linux does not say where")
    }
    do throws(LinuxFrameProblem) {
      return .linux(try frames.frame(number))
    } catch {
      return .none(wanted: "a struct page for frame \(number.hex)", reason: "\(error)")
    }
  }

  /// What does not hold, key by key.
  var differences: [Difference] {
    switch record {
    case .windows(let entry): differences(from: entry)
    case .linux(let frame): differences(from: frame)
    case .none(let wanted, let reason): [(wanted, reason)]
    }
  }

  private func differences(from entry: PFNEntry) -> [Difference] {
    PteCheck.compare(
      "location", expected.location?.value.rawValue, entry.location.rawValue)
      + hex("share-count", expected.shareCount, entry.shareCount)
      + hex("reference-count", expected.referenceCount, entry.referenceCount)
      + hex("pte-address", expected.pteAddress, entry.pteAddress.rawValue)
      + hex("original-pte", expected.originalPte, entry.originalPte)
      + hex("pte-frame", expected.pteFrame, entry.pteFrame)
      + PteCheck.compare(
        "prototype", expected.isPrototype.map { "\($0.value)" }, "\(entry.isPrototype)")
      + PteCheck.compare("flags", flags, nil) + hex("map-count", expected.mapCount, nil)
  }

  private func differences(from frame: LinuxFrame) -> [Difference] {
    PteCheck.compare("flags", flags, Self.words(Self.comparable(frame)))
      + hex("map-count", expected.mapCount, frame.mapCount.map { UInt64(max(0, $0)) })
      + hex("reference-count", expected.referenceCount, UInt64(max(0, frame.referenceCount)))
      + PteCheck.compare("location", expected.location?.value.rawValue, nil)
      + hex("share-count", expected.shareCount, nil)
      + hex("pte-address", expected.pteAddress, nil)
      + hex("original-pte", expected.originalPte, nil) + hex("pte-frame", expected.pteFrame, nil)
      + PteCheck.compare("prototype", expected.isPrototype.map { "\($0.value)" }, nil)
  }

  private func hex(
    _ name: String, _ wanted: Located<UInt64>?, _ got: UInt64?
  ) -> [Difference] {
    PteCheck.compare(name, wanted?.value.hex, got?.hex)
  }

  private var flags: String? { expected.flags.map { Self.words($0.map(\.rawValue)) } }

  /// The flags that a scenario can name: a kernel's types name more of them, and not every dump has those.
  private static func comparable(_ frame: LinuxFrame) -> [String] {
    frame.setFlags.filter { Scenario.FrameFlag(rawValue: $0) != nil }
  }

  private static func words(_ flags: [String]) -> String {
    flags.isEmpty ? "none" : flags.sorted().joined(separator: " ")
  }

  /// The line of a golden.
  var goldenLine: String {
    let name = "pfn \(expected.number.value.hex)"
    switch record {
    case .windows(let entry):
      return "\(name) \(entry.location.rawValue)"
        + (entry.shareCount.map { " share-count=\($0.hex)" } ?? "")
        + " reference-count=\(entry.referenceCount.hex) pte-address=\(entry.pteAddress)"
        + " original-pte=\(entry.originalPte.hex) pte-frame=\(entry.pteFrame.hex)"
        + (entry.isPrototype ? " prototype" : "")
    case .linux(let frame):
      return "\(name) at=\(frame.address) flags=\(frame.flags.hex)"
        + " (\(Self.words(Self.comparable(frame)))) reference-count=\(frame.referenceCount)"
        + (frame.mapCount.map { " map-count=\($0)" } ?? "")
        + (frame.compoundHead.map { " head=\($0)" } ?? "")
    case .none(_, let reason): return "\(name) unknown: \(reason)"
    }
  }
}
