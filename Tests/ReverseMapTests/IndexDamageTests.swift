import DumpFormats
import Foundation
import Machine
import Paging
import PhysicalMemory
import ReverseMap
import TestSupport
import Testing

/// Whatever an index file holds, an answer is right or refused.
@Suite struct IndexDamageTests {
  private static let key = IndexKey(high: 1, low: 2)

  static let forms: [IndexBuilder.Form] = [.graph, .list]

  private func indexBytes(_ machine: Machine, _ form: IndexBuilder.Form) throws -> [UInt8] {
    let path = FileManager.default.temporaryDirectory.appending(path: "index-\(UUID())").path
    let builder = IndexBuilder(machine, key: Self.key, form: form)
    let bytes = try builder.build(into: OutputFile(path))
    return bytes.withBytes(at: 0, count: bytes.count) { span in
      (0..<span.byteCount).map { unsafe span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    } ?? []
  }

  private func answer(_ machine: Machine, _ bytes: [UInt8]) throws -> [ReverseMapping] {
    let mapping = try ByteMapping.zeroed(count: bytes.count)
    mapping.store(bytes, at: 0)
    let index = try ReverseIndex(mapping, path: "index", key: Self.key)
    return try ReverseMapTests.mappings(ReverseMap(machine, index))
  }

  @Test(arguments: forms)
  func everyFlippedBitIsFoundOrMakesNoDifference(form: IndexBuilder.Form) throws {
    let machine = try RandomSpaces.machine(.x86_64, seed: 1)
    let bytes = try indexBytes(machine, form)
    let right = try answer(machine, bytes)
    #expect(right.count > 10)
    var random = SeededGenerator(seed: 3)
    var refused = 0
    let places = Array(0..<140) + (0..<400).map { _ in Int(random.next() % UInt64(bytes.count)) }
    for place in places {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8(random.next() % 8)
      do {
        let answer = try answer(machine, damaged)
        if answer != right { Issue.record("byte \(place) changed the answer") }
      } catch is ReverseMapError {
        refused += 1
      }
    }
    #expect(refused == places.count, "every byte is under a checksum")
  }

  @Test(arguments: forms)
  func everyShortenedFileIsRefused(form: IndexBuilder.Form) throws {
    let machine = try RandomSpaces.machine(.pae, seed: 1)
    let bytes = try indexBytes(machine, form)
    for count in [0, 1, 7, 8, 100, 159, 160, bytes.count / 2, bytes.count - 8, bytes.count - 1] {
      #expect(throws: ReverseMapError.self) { try answer(machine, Array(bytes.prefix(count))) }
    }
    #expect(throws: ReverseMapError.self) { try answer(machine, bytes + [0]) }
  }

  /// A forger can make the checksums right; the answers must still be those of the page tables.
  @Test(arguments: forms)
  func anIndexOfAnotherImageMakesNothingUp(form: IndexBuilder.Form) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let machine = try RandomSpaces.machine(.x86_64, seed: seed)
      let other = try RandomSpaces.machine(.x86_64, seed: seed + 100)
      let bytes = try indexBytes(other, form)
      let expected = Set(PlainMapping.all(machine).map(\.address))
      do {
        let answer = try answer(machine, bytes)
        #expect(answer.allSatisfy { expected.contains($0.address.rawValue) })
      } catch is ReverseMapError {
        continue
      }
    }
  }

  @Test(arguments: forms)
  func anIndexOfAnotherKeyIsRefused(form: IndexBuilder.Form) throws {
    let machine = try RandomSpaces.machine(.x86, seed: 1)
    let bytes = try indexBytes(machine, form)
    let mapping = try ByteMapping.zeroed(count: bytes.count)
    mapping.store(bytes, at: 0)
    #expect(throws: ReverseMapError.self) {
      try ReverseIndex(mapping, path: "index", key: IndexKey(high: 1, low: 3))
    }
  }

  /// The key of an index names every property of a state; whoever adds one adds it there
  /// (`IndexKey+Text.swift`), and counts it here.
  @Test func everyPropertyOfAStateIsInTheKey() {
    let state = PagingState(mode: .arm64, cr3: 0)
    #expect(Mirror(reflecting: state).children.count == 15)
    #expect(Mirror(reflecting: state.features).children.count == 4)
    #expect(Mirror(reflecting: state.arm64).children.count == 7)
  }

  @Test(arguments: forms)
  func theSameTablesGiveTheSameBytes(form: IndexBuilder.Form) throws {
    let machine = try RandomSpaces.machine(.la57, seed: 2)
    #expect(try indexBytes(machine, form) == indexBytes(machine, form))
  }
}
