import Foundation
import TestSupport
import Testing

/// Naive readings of entries, each applied to what a scenario pins: it must come to another answer.
///
/// The readings are those of the list in `Scenarios/windows/README.md` that an entry alone decides. They
/// know the value of an entry and the kernel, as naive tools do, and nothing of this program.
@Suite struct NaiveReadingTests {
  private static let folder = Repository.file("Scenarios/windows")

  /// What a golden says of one entry.
  struct Answer: Sendable {
    var build = 0
    var mode = ""
    var mask: UInt64 = 0
    var value: UInt64 = 0
    var state = ""
    var facts: [String: UInt64] = [:]
    var destination = ""

    var isInvalid: Bool { value & 1 == 0 }
    var software: UInt64 { mode == "x86" ? value >> 12 : value >> 32 }
  }

  /// What a reading says where the golden says something else.
  struct Claim: Sendable {
    let naive: String
    let right: String

    init(_ naive: String, _ right: String) { (self.naive, self.right) = (naive, right) }
    init?(_ naive: UInt64, _ right: UInt64?) {
      guard let right else { return nil }
      self.init(String(naive, radix: 16), String(right, radix: 16))
    }
  }

  struct Reading: Sendable, CustomTestStringConvertible {
    let number: Int
    let scenario: String
    /// Nil where the reading says nothing of its own.
    let claim: @Sendable (Answer) -> Claim?

    init(_ number: Int, _ scenario: String, _ claim: @escaping @Sendable (Answer) -> Claim?) {
      (self.number, self.scenario, self.claim) = (number, scenario, claim)
    }

    var testDescription: String { "\(number) on \(scenario)" }
  }

  private static let bit45: UInt64 = 1 << 45

  static let readings: [Reading] = [
    Reading(1, "win-prototype-bit-11") { answer in
      guard answer.isInvalid, answer.value & 0x800 != 0 else { return nil }
      return Claim("transition", answer.state)
    },
    Reading(2, "win-pagefile-0-to-15") { answer in
      guard answer.mode == "x86-64" else { return nil }
      let isLate = answer.build >= 17134
      let number = (isLate ? answer.value >> 12 : answer.value >> 1) & 15
      return Claim(number, answer.facts["page-file"])
    },
    Reading(3, "win-transition-swizzle-bit45") { answer in
      answer.state == "demand-zero" ? Claim(answer.stateByXOR, answer.state) : nil
    },
    Reading(3, "win-transition-swizzle-bit39") { answer in
      answer.state == "demand-zero" ? Claim(answer.stateByXOR, answer.state) : nil
    },
    Reading(4, "win-transition-swizzle-none") { answer in
      Claim((answer.value & ~bit45) >> 32, answer.facts["page-file-offset"])
    },
    Reading(4, "win-transition-swizzle-bit39") { answer in
      Claim((answer.value & ~bit45) >> 32, answer.facts["page-file-offset"])
    },
    Reading(5, "win-transition-swizzle-bit45") { answer in
      answer.isSentinelAsItIs ? Claim("prototype-vad", answer.state) : nil
    },
    Reading(5, "win-transition-swizzle-bit39") { answer in
      answer.isSentinelAsItIs ? Claim("prototype-vad", answer.state) : nil
    },
    Reading(6, "win-reserved-only") { answer in
      answer.value == 0 ? Claim("demand-zero", answer.destination) : nil
    },
    Reading(7, "win-no-access") { answer in
      guard answer.isInvalid, answer.value & 0xc00 == 0, answer.software == 0 else { return nil }
      return Claim("demand-zero", answer.state)
    },
    Reading(10, "win-valid-cow") { answer in
      answer.value & 0x800 == 0 ? nil : Claim("transition", answer.state)
    },
    // Bit 10 is set in the entry of a subsection, too.
    Reading(11, "win-proto-to-each-state") { answer in
      answer.destination == "subsection" ? Claim("prototype", answer.destination) : nil
    },
    Reading(14, "win-transition-pfn-beyond-ram") { answer in
      Claim(answer.value >> 12 & 0xf_ffff_ffff, answer.facts["pfn"])
    },
    Reading(14, "win-large-page-user") { answer in
      answer.state == "large" ? Claim(answer.value >> 12 & 0xf_ffff, answer.facts["pfn"]) : nil
    },
    Reading(15, "win-compressed-store-number") { answer in
      answer.facts["page-file"] == 2 ? Claim("virtual-store", answer.state) : nil
    },
    Reading(16, "win-working-set-bits") { answer in
      answer.value >> 52 & 0x7ff == 0 ? nil : Claim("reserved bits", answer.state)
    },
  ]

  @Test(arguments: Self.readings)
  func theReadingFailsTheScenario(reading: Reading) throws {
    let answers = try Self.answers(of: reading.scenario)
    #expect(!answers.isEmpty)
    let claims = answers.compactMap(reading.claim)
    #expect(!claims.isEmpty, "no entry there is one that the reading is about")
    #expect(claims.contains { $0.naive != $0.right }, "the reading passes")
    let text = try Self.text(reading.scenario, "yaml")
    #expect(text.contains("\"naive reading \(reading.number)\""))
  }

  /// 25: the byte in a page file, counted in 32 bits.
  @Test func aByteBeyond4GiBFailsThirtyTwoBits() throws {
    let text = try Self.text("win-pagefile-0-to-15", "yaml")
    let pairs = text.matches(of: /page-file-offset: (0x[0-9a-f_]+), file-offset: (0x[0-9a-f_]+)/)
    let wrong = try pairs.filter { pair in
      let page = try #require(Self.number(pair.1))
      return UInt64(UInt32(truncatingIfNeeded: page * 4096)) != Self.number(pair.2)
    }
    #expect(!wrong.isEmpty && wrong.count < pairs.count)
    #expect(text.contains("\"naive reading 25\""))
  }

  // MARK: - Goldens

  private static func text(_ scenario: String, _ ending: String) throws -> String {
    try String(contentsOf: folder.appending(path: "\(scenario).\(ending)"), encoding: .utf8)
  }

  private static func number(_ text: Substring) -> UInt64? {
    UInt64(text.replacing("_", with: "").dropFirst(2), radix: 16)
  }

  /// The lines `pte VA LEVEL VALUE STATE key=value...` of a golden, with the lines about where they lead.
  private static func answers(of scenario: String) throws -> [Answer] {
    let mask = try text(scenario, "yaml").firstMatch(of: /invalid-mask: (0x[0-9a-f_]+)/)
    var current = Answer()
    current.mask = mask.flatMap { number($0.1) } ?? 0
    var answers: [Answer] = []
    for line in try text(scenario, "golden").split(separator: "\n") {
      let words = line.split(separator: " ")
      switch words.first {
      case "system":
        let version = words[1].split(separator: "/")[0].split(separator: "-").dropFirst().joined()
        current.build = builds[version] ?? Int(version.prefix { $0.isNumber }) ?? 0
      case "machine": current.mode = String(words[1])
      case "pte" where words.count > 4:
        var answer = current
        answer.value = number(words[3]) ?? 0
        answer.state = String(words[4])
        for word in words.dropFirst(5) {
          let pair = word.split(separator: "=")
          guard pair.count == 2 else { continue }
          answer.facts[String(pair[0])] = number(pair[1]) ?? UInt64(pair[1])
        }
        answers.append(answer)
      case "leads" where !answers.isEmpty: answers[answers.count - 1].destination = String(words[2])
      default: break
      }
    }
    return answers
  }

  /// The builds of the names that scenarios use.
  private static let builds = ["1122h2": 22621, "1124h2": 26100]
}

extension NaiveReadingTests.Answer {
  /// What an entry with protection is once the mask has been taken out by XOR.
  fileprivate var stateByXOR: String { (value ^ mask) >> 32 == 0 ? "demand-zero" : "page-file" }

  /// Whether the entry looks like the sentinel while the mask is in it.
  fileprivate var isSentinelAsItIs: Bool { value >> 32 == 0xffff_ffff && value & 0x401 == 0x400 }
}
