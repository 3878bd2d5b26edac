import Machine
import Paging
import PhysicalMemory
import Report
import Testing

/// Accesses of every outcome and every rule, as people and as scripts see them.
@Suite struct AccessGoldenTests {
  typealias Question = (va: UInt64, kind: Access.Kind, who: Access.Privilege)

  /// Machines and the accesses that are made to them.
  static let questions: [(machine: String, accesses: [Question])] = [
    (
      "access",
      [
        (0x40_0123, .write, .user), (0x40_0123, .read, .supervisor),
        (0x40_0123, .execute, .supervisor), (0x40_0123, .write, .supervisorImplicit),
        (0x40_1000, .write, .user), (0x40_1000, .execute, .user), (0x40_2000, .read, .user),
        (0x40_2000, .execute, .supervisor), (0x40_3000, .read, .user),
        (0x40_3000, .execute, .user), (0x40_4000, .write, .supervisor),
        (0x40_4000, .read, .supervisor), (0x40_5000, .shadowStackWrite, .user),
        (0x40_5000, .shadowStackRead, .supervisor), (0x40_0000, .shadowStackRead, .user),
        (0x40_6000, .read, .user), (0x60_1234, .write, .user), (0x80_0000, .write, .user),
        (0x80_0000_0000, .write, .user), (0x80_0000_0000, .shadowStackRead, .user),
        (0x4000_0000, .read, .user), (0x8000_0000_0000, .read, .user),
      ]
    ),
    (
      "pae",
      [
        (0x40_0000, .read, .user), (0x40_1000, .read, .user), (0x61_2345, .write, .supervisor),
        (0x4000_0000, .read, .user), (0x8000_0000, .read, .user), (0xc000_0000, .execute, .user),
      ]
    ),
    ("x86", [(0x40_0000, .write, .user), (0x80_1234, .execute, .user), (0xc0_0000, .read, .user)]),
    (
      "arm64",
      [
        (0x40_0123, .write, .user), (0x40_0123, .read, .supervisor), (0x40_0120, .execute, .user),
        (0x40_0120, .execute, .supervisor), (0x40_1000, .write, .user),
        (0x40_1000, .execute, .user), (0x40_2000, .read, .user), (0x40_2000, .write, .supervisor),
        (0x40_2000, .execute, .supervisor), (0x40_3000, .execute, .user),
        (0x40_3000, .execute, .supervisor), (0x40_4000, .read, .user), (0x40_5000, .write, .user),
        (0x40_6000, .execute, .user), (0x40_7000, .read, .user), (0x40_8000, .read, .user),
        (0xc000_0000, .write, .user), (0x80_0000, .read, .user), (0x200_1234, .write, .supervisor),
        (0x4000_0000, .read, .user), (0x80_0000_0000, .read, .user),
        (0x1_0000_0000_0000, .read, .user), (0xffff_8000_0000_1000, .execute, .supervisor),
        (0xffff_8000_0000_0000, .read, .user), (0xaaff_8000_0000_1000, .execute, .supervisor),
        (0xaaff_8000_0000_1000, .read, .supervisor),
      ]
    ),
  ]

  static let machines = questions.map(\.machine)

  static func questions(_ machine: String) -> [AccessQuestion] {
    questions.filter { $0.machine == machine }.flatMap(\.accesses)
      .map { AccessQuestion(VirtualAddress($0.va), Access($0.kind, as: $0.who)) }
  }

  private func answers(_ name: String) throws -> [AccessAnswer] {
    let machine = try Fixture.machine(name)
    return Self.questions(name).map { machine.access($0.pointer, $0.access) }
  }

  private func text(_ name: String, isColored: Bool) throws -> String {
    let machine = try Fixture.machine(name)
    let text = AccessText(machine.paging)
    let answers = try answers(name)
    return Fixture.written(isColored: isColored) { out in
      MachineHeader(machine, registers: true).write(to: &out)
      for answer in answers { text.write(answer, to: &out) }
    }
  }

  @Test func everyOutcomeAndEveryRuleIsAmongTheQuestions() throws {
    var outcomes: Set<AccessOutcome> = []
    var refusals: AccessRefusal = []
    for answer in try Self.machines.flatMap(answers) {
      outcomes.insert(answer.result.outcome)
      if case .pageFault(let fault) = answer.result { refusals.formUnion(fault.refusal) }
    }
    #expect(outcomes == Set(AccessOutcome.allCases))
    for rule in AccessRefusal.rules {
      #expect(refusals.contains(rule.refusal), "\(rule.meaning)")
    }
    var aborts: [ARM64Abort] = []
    for answer in try answers("arm64") {
      if case .abort(let abort) = answer.result { aborts.append(abort) }
    }
    #expect(Set(aborts.map(\.fault)) == Set(ARM64Abort.Fault.allCases))
    for rule in ARM64Refusal.rules {
      #expect(aborts.contains { $0.refusal.contains(rule.refusal) }, "\(rule.meaning)")
    }
  }

  @Test(arguments: machines)
  func accessesForPeopleAreAsRecorded(name: String) throws {
    try Fixture.expect(text(name, isColored: false), isRecordedAs: "fault-\(name).txt")
  }

  @Test(arguments: machines)
  func coloursChangeNothingElse(name: String) throws {
    let colored = try text(name, isColored: true)
    #expect(colored.replacing(/\u{1b}\[[0-9]+m/, with: "") == (try text(name, isColored: false)))
  }

  @Test(arguments: machines)
  func accessesForScriptsAreAsRecorded(name: String) throws {
    let answers = try answers(name)
    let text = Fixture.written { out in
      for answer in answers { AccessJSON().write(answer, to: &out) }
    }
    try Fixture.expect(text, isRecordedAs: "fault-\(name).json")
  }

  @Test(arguments: machines)
  func bulkResultsForPeopleAreAsRecorded(name: String) throws {
    try Fixture.expect(bulk(name, asJSON: false), isRecordedAs: "fault-batch-\(name).txt")
  }

  @Test(arguments: machines)
  func bulkResultsForScriptsAreThoseOfSingleQuestions(name: String) throws {
    let answers = try answers(name)
    let text = Fixture.written { out in
      for answer in answers { AccessJSON().write(answer, to: &out) }
    }
    #expect(try bulk(name, asJSON: true) == text)
  }

  private func bulk(_ name: String, asJSON: Bool) throws -> String {
    let machine = try Fixture.machine(name)
    return try Fixture.captured { stream in
      var accesses = BulkAccess(machine, asJSON: asJSON)
      let isRead = accesses.decide(Self.questions(name), to: stream)
      #expect(isRead)
    }
  }

  @Test func batchesKeepTheOrder() throws {
    let machine = try Fixture.machine("access")
    let questions = (0..<5000).map { index in
      AccessQuestion(VirtualAddress(UInt64(index) &* 0x807), Access(.read, as: .user))
    }
    let text = try Fixture.captured { stream in
      var accesses = BulkAccess(machine, asJSON: true)
      _ = accesses.decide(questions, to: stream)
    }
    let answered = text.split(separator: "\n").map { $0.prefix { $0 != "," } }
    #expect(answered == questions.map { "{\"va\":\"\($0.pointer)\"" })
  }
}

/// The object of `fault`, key by key.
@Suite struct AccessJSONTests {
  private func line(_ va: UInt64, _ kind: Access.Kind, as who: Access.Privilege) throws -> String {
    let machine = try Fixture.machine("access")
    let answer = machine.access(VirtualAddress(va), Access(kind, as: who))
    return Fixture.written { AccessJSON().write(answer, to: &$0) }
  }

  @Test func aTranslationHasTheWritesOfTheProcessor() throws {
    #expect(
      try line(0x40_0123, .write, as: .user)
        == #"{"va":"0x400123","access":"write","as":"user","outcome":"translated","pa":"0x10123","#
        + #""updates":[{"address":"0x1000","before":"0x2007","after":"0x2027"},"#
        + #"{"address":"0x2000","before":"0x3007","after":"0x3027"},"#
        + #"{"address":"0x3010","before":"0x4007","after":"0x4027"},"#
        + #"{"address":"0x4000","before":"0x10027","after":"0x10067"}]}"# + "\n")
  }

  @Test func aPageFaultHasItsErrorCode() throws {
    #expect(
      try line(0x40_1000, .write, as: .user)
        == #"{"va":"0x401000","access":"write","as":"user","outcome":"page-fault","#
        + #""error_code":"0x7"}"# + "\n")
    #expect(
      try line(0x40_6000, .read, as: .supervisorImplicit)
        == #"{"va":"0x406000","access":"read","as":"supervisor-implicit","outcome":"page-fault","#
        + #""error_code":"0x0"}"# + "\n")
  }

  @Test func generalProtectionSaysNoMore() throws {
    #expect(
      try line(0x8000_0000_0000, .shadowStackRead, as: .supervisor)
        == #"{"va":"0x800000000000","access":"shadow-stack-read","as":"supervisor","#
        + #""outcome":"general-protection"}"# + "\n")
  }

  @Test func missingSaysWhatTheImageLacks() throws {
    #expect(
      try line(0x4000_0000, .read, as: .user)
        == #"{"va":"0x40000000","access":"read","as":"user","outcome":"missing","#
        + #""missing":"0x20000000"}"# + "\n")
  }

  @Test func everyWordOfAnAccessIsWritten() throws {
    for kind in Access.Kind.allCases {
      for who in Access.Privilege.allCases {
        let text = try line(0x40_0000, kind, as: who)
        #expect(
          text.contains(#""access":"\#(kind.rawValue)","as":"\#(who.rawValue)","outcome":"#))
      }
    }
  }
}
