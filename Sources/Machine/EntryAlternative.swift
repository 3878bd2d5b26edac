import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import WindowsMemory

/// A machine that differs in what the entry says that an access came to.
public struct EntryAlternative: Sendable {
  /// The difference, as a condition: "the entry were transition", "CopyOnWrite were 1".
  public let condition: String
  /// The machine.
  public let machine: Machine
}

extension Machine {
  /// The machines in which the kernel would have found another entry where an access faulted.
  ///
  /// There is one for each of the entries of ``OperatingSystem/alternativeEntries(to:)``.
  public func alternatives(to answer: AccessAnswer) -> [EntryAlternative] {
    guard let step = answer.walk.steps.last else { return [] }
    let size = answer.state.half(of: answer.walk.address).entrySize
    return system.alternativeEntries(to: answer).compactMap { condition, other in
      replacing(other, at: step.entryAddress, size: size).map {
        EntryAlternative(condition: condition, machine: $0)
      }
    }
  }

  private func replacing(
    _ entry: UInt64, at address: PhysicalAddress, size: Int
  ) -> Machine? {
    var overlay = MemoryOverlay(over: memory)
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: entry >> UInt64($0 * 8)) }
    guard overlay.write(bytes, at: address) == nil, let changed = try? overlay.memory() else {
      return nil
    }
    var machine = self
    machine.memory = changed
    return machine
  }
}

extension OperatingSystem {
  /// The entries that the kernel tells apart from the one that an access faulted at.
  ///
  /// Where the processor does not use the entry, there is one for each state that the kernel knows; where
  /// it does, one for each bit that is the kernel's own. Of an access that ended above the lowest level
  /// there are none.
  ///
  /// - Parameter answer: the access.
  /// - Returns: each entry with the difference as a condition: "the entry were transition".
  public func alternativeEntries(
    to answer: AccessAnswer
  ) -> [(condition: String, entry: UInt64)] {
    guard let step = answer.walk.steps.last, step.level == 1, let entry = step.entry else {
      return []
    }
    switch answer.result {
    case .pageFault, .abort: break
    case .translated, .generalProtection, .missing: return []
    }
    let paging = answer.state.half(of: answer.walk.address)
    if case .notPresent = paging.meaning(of: entry, level: 1) {
      return states(besides: entry, paging)
    }
    guard let layout = paging.layout(level: 1, isPage: true) else { return [] }
    return ownFields(in: paging.ignoredBits(of: layout), isPage: true)
      .filter { $0.width == 1 }
      .map { ("\($0.name) were \($0.isSet(in: entry) ? 0 : 1)", entry ^ $0.mask) }
  }

  private func states(
    besides entry: UInt64, _ paging: PagingState
  ) -> [(condition: String, entry: UInt64)] {
    let (own, examples): (String, [(state: String, entry: UInt64)]) =
      switch self {
      case .none: ("", [])
      case .windows(let system):
        (system.decoder.reading(of: entry).state.rawValue, system.examples)
      case .linux(let system):
        (
          LinuxEntryDecoder(system.kernel, paging).reading(of: entry, level: 1).state.rawValue,
          system.kernel.examples(paging)
        )
      }
    return examples.filter { $0.state != own }.map { ("the entry were \($0.state)", $0.entry) }
  }
}
