import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Compares one walk with what a scenario expects of it.
struct WalkCheck {
  private let expected: Scenario.WalkExpectation
  private let walk: Walk

  init(_ expected: Scenario.WalkExpectation, _ machine: Machine, _ space: AddressSpace?) {
    self.expected = expected
    walk = machine.walk(VirtualAddress(expected.va.value), in: space)
  }

  /// The keys of the expectation that do not hold.
  var differences: [Difference] {
    let outcome = walk.result.outcome.rawValue
    guard outcome == expected.outcome.rawValue else {
      return [(expected.outcome.rawValue, describe(walk.result))]
    }
    switch walk.result {
    case .mapped(let translation): return differences(translation)
    case .stopped(let stop): return differences(stop)
    }
  }

  private func differences(_ translation: Translation) -> [Difference] {
    compare("pa", expected.pa?.value.hex, translation.address.rawValue.hex)
      + compare("page-size", expected.pageSize?.value.hex, translation.pageSize.hex)
      + compare("write", expected.write?.value, translation.rights.contains(.write))
      + compare("user", expected.user?.value, translation.rights.contains(.user))
      + compare("execute", expected.execute?.value, translation.rights.contains(.execute))
      + compare("in-image", expected.inImage?.value, walk.isInImage)
  }

  private func differences(_ stop: WalkStop) -> [Difference] {
    var reserved: UInt64 = 0
    if case .reservedBits(let bits) = stop.cause { reserved = bits }
    return compare(
      "stopped-at", expected.stoppedAt?.value.uppercased(), walk.mode.entryName(stop.level))
      + compare("reserved", expected.reserved?.value.hex, reserved.hex)
      + compare("missing", expected.missing?.value.hex, stop.entryAddress.rawValue.hex)
  }

  private func compare<Value: Equatable>(
    _ key: String, _ expected: Value?, _ got: Value
  ) -> [Difference] {
    guard let expected, expected != got else { return [] }
    return [("\(key) \(expected)", "\(key) \(got)")]
  }

  private func describe(_ result: WalkResult) -> String {
    switch result {
    case .mapped(let translation): "mapped to \(translation.address)"
    case .stopped(let stop):
      stop.level == 0
        ? result.outcome.rawValue
        : "\(result.outcome.rawValue) at \(walk.mode.entryName(stop.level)) \(stop.entry.hex)"
    }
  }
}
