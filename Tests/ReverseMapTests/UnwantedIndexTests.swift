import DumpFormats
import Foundation
import Machine
import Paging
import PhysicalMemory
import ReverseMap
import Synchronization
import Testing

/// An index that nobody wants any more is given up, wherever it is under way.
@Suite struct UnwantedIndexTests {
  /// Counts how often it is asked whether an index is wanted.
  private final class Count: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock(\.self) }

    func next() -> Int {
      count.withLock { count in
        count += 1
        return count
      }
    }
  }

  /// Builds an index that is wanted while it was not asked about `limit` times, and again after that;
  /// says how often it was asked about.
  private func build(_ machine: Machine, limit: Int) throws -> (isBuilt: Bool, count: Int) {
    let count = Count()
    let path = FileManager.default.temporaryDirectory.appending(path: "index-\(UUID())").path
    let builder = IndexBuilder(machine) { count.next() != limit }
    var isBuilt = true
    do { _ = try builder.build(into: OutputFile(path)) } catch ReverseMapError.unwanted {
      isBuilt = false
    }
    return (isBuilt, count.value)
  }

  @Test func itIsGivenUpAtAnyTable() throws {
    let machine = try RandomSpaces.machine(.x86_64, seed: 1)
    let whole = try build(machine, limit: 0)
    #expect(whole.isBuilt)
    #expect(whole.count > 20, "it is asked about at every table, twice")
    for limit in 1...whole.count {
      let (isBuilt, count) = try build(machine, limit: limit)
      #expect(!isBuilt, "given up at \(limit) of \(whole.count)")
      #expect(count == limit, "nobody asks again")
    }
  }
}
