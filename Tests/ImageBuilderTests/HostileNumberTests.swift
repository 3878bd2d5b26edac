import ImageBuilder
import PhysicalMemory
import Testing

/// Numbers at the ends of their ranges give an image or a diagnostic, never a trap, and soon.
@Suite struct HostileNumberTests {
  private static let addresses: [UInt64] = [
    0, 1, 0xfff, 0x1000, 0xffff_f000, 0xffff_ffff, 1 << 32, 0x7fff_ffff_f000, 0x7fff_ffff_ffff,
    1 << 52, 1 << 63, 0xffff_8000_0000_0000, UInt64.max - 4095, UInt64.max,
  ]
  private static let sizes: [UInt64] = [
    1, 4096, 1 << 21, 1 << 22, 1 << 30, 1 << 63, UInt64.max,
  ]
  private static let modes = ["x86", "pae", "x86-64", "la57"]

  /// The code of the first diagnostic, or "built".
  private func answer(_ lines: String, mode: String, machine: String = "memory: 1 MiB") -> String {
    let faults = Fixture.faults(lines, machine: "{ mode: \(mode), \(machine) }")
    return faults.first.map { String($0.prefix(5)) } ?? "built"
  }

  @Test(arguments: modes)
  func anyRangeWithAnyDistance(mode: String) {
    var answers: Set<String> = []
    for first in Self.addresses {
      for last in Self.addresses where last >= first {
        for every in [Self.sizes[1], Self.sizes[5]] + (first == 0 ? Self.sizes : []) {
          let va = "\(first.hex)..\(last.hex)"
          answers.insert(answer("map: [{ va: \(va), to: 0x5000, every: \(every) }]", mode: mode))
        }
      }
    }
    #expect(answers.isSuperset(of: ["built", "E0302", "E0314"]))
    #expect(answers.subtracting(["built", "E0302", "E0310", "E0314", "E0316"]) == [])
  }

  @Test(arguments: modes)
  func anyPageSizeAtAnyAddress(mode: String) {
    var answers: Set<String> = []
    for va in Self.addresses {
      for size in Self.sizes {
        for to in ["identity", "auto"] {
          let map = "map: [{ va: \(va.hex), to: \(to), page: \(size) }]"
          answers.insert(answer(map, mode: mode))
        }
      }
    }
    #expect(answers.isSuperset(of: ["built", "E0302", "E0313"]))
  }

  @Test(arguments: modes)
  func anyFrames(mode: String) {
    var answers: Set<String> = []
    for address in Self.addresses {
      for size in Self.sizes {
        let (low, high) = (min(address, size), max(address, size))
        for to in [
          address.hex, "{ from: \(address.hex), stride: \(size) }", "{ from: \(address.hex) }",
          "{ from: \(address.hex), order: shuffled, seed: \(size) }",
          "{ random: \(low.hex)..\(high.hex), seed: \(size) }",
        ] {
          answers.insert(answer("map: [{ va: 0x40_0000..0x40_ffff, to: \(to) }]", mode: mode))
        }
      }
    }
    #expect(answers.isSuperset(of: ["built", "E0302", "E0309"]))
  }

  @Test(arguments: modes)
  func anyMemoryRootAndPlaceOfTables(mode: String) {
    let map = "map: [{ va: 0x40_0000, to: auto }]"
    var answers: Set<String> = []
    for address in Self.addresses {
      let hex = address.hex
      answers.insert(answer(map, mode: mode, machine: "memory: 1 MiB, root: \(hex)"))
      let tables = "tables: { from: \((address / 2).hex), order: shuffled, seed: \(address) }"
      answers.insert(answer(map, mode: mode, machine: "memory: \(max(address, 1)), \(tables)"))
      answers.insert(answer(map, mode: mode, machine: "memory: 1 MiB, \(tables)"))
      for last in Self.addresses where last >= address {
        let range = "[\(hex)..\(last.hex)]"
        answers.insert(answer(map, mode: mode, machine: "memory: 1 MiB, absent: \(range)"))
        answers.insert(answer(map, mode: mode, machine: "memory: \(range)"))
      }
    }
    #expect(answers.isSuperset(of: ["built", "E0302", "E0309", "E0316"]))
  }

  @Test(arguments: modes)
  func anyEntryAndAnyContents(mode: String) {
    let map = "map: [{ va: 0x40_0000, to: 0x5000 }]\n"
    for address in Self.addresses {
      let hex = address.hex
      for lines in [
        "entries: [{ at: \(hex), value: 1, width: 4 }]", "entries: [{ at: \(hex), value: 1 }]",
        "entries: [{ va: \(hex), level: PTE, bits: { set: [31], clear: [0] } }]",
        "self-map: { slot: \(hex) }", "share: [{ va: \(hex), level: PDE, with: 0x40_0000 }]",
        "share: [{ va: 0x80_0000, level: PTE, with: \(hex) }]",
      ] {
        _ = answer(map + lines, mode: mode)
      }
      for size in Self.sizes where size <= 1 << 52 {
        for place in ["pa", "va"] {
          let contents = "contents: [{ \(place): \(hex), random: 1, size: \(size) }]"
          _ = answer(map + contents, mode: mode)
        }
      }
    }
  }

  @Test(arguments: [1, 12, 31, 32, 33, 52, 53, 64])
  func anyNumberOfPhysicalBits(bits: Int) {
    for mode in Self.modes {
      let machine = "memory: 1 MiB, physical-bits: \(bits)"
      let answer = answer("map: [{ va: 0x40_0000, to: 0x5000 }]", mode: mode, machine: machine)
      #expect(answer == ((32...52).contains(bits) ? "built" : "E0308"), "\(mode)")
    }
  }

  @Test func fourBillionPagesAreRefusedAtOnce() {
    let time = ContinuousClock().measure {
      #expect(
        Fixture.faults("map: [{ va: 0x1000_0000_0000..0x1fff_ffff_ffff, to: 0x5000 }]")
          == ["E0310 6:13"])
    }
    #expect(time < .seconds(2))
  }

  @Test func aHundredMistakesAreEnough() {
    let items = (0..<500).map { _ in "  - { va: 0x40_0000, to: 0x5000 }\n" }.joined()
    #expect(Fixture.faults("map:\n" + items).count == 100)
  }

  @Test func hugePagesOverAllAddressesNeedNoListOfFrames() throws {
    // 512 Ki pages of 1 GiB, and a random order over 2 to the 40 frames.
    let image = try Fixture.build(
      "map: [{ va: 0..0x7fff_ffff_ffff, to: { random: 0..0xf_ffff_ffff_ffff, seed: 1 }, page: 1 GiB, every: 512 GiB }]",
      machine: "{ mode: x86-64, memory: 4096 TiB, tables: { order: shuffled, seed: 1 } }")
    #expect(image.ledger.pageCount() == 256)
    #expect(image.disagreements() == [])
  }
}
