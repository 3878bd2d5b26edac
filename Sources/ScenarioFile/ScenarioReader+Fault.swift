extension ScenarioReader {
  /// `fault:` and what it answers.
  func fault(_ fields: Fields) -> Scenario.FaultExpectation? {
    let va = number(fields["fault"], "`fault`")
    let access: Located<Scenario.AccessKind>? = word(fields["access"], "`access`")
    let privilege: Located<Scenario.Privilege>? = word(fields["as"], "`as`")
    let outcome: Located<Scenario.AccessOutcome>? = word(fields["outcome"], "`outcome`")
    let isFault = fields["error-code"] != nil || fields["esr"] != nil
    let errorCode = fields["error-code"].flatMap(self.errorCode)
    let syndrome = number(fields["esr"], "`esr`")
    let pa = number(fields["pa"], "`pa`")
    let updates = fields["updates"].flatMap(self.updates)
    let system = fields["os"].flatMap(systemExpectation)
    let alignmentCheck = bool(fields["ac"], "`ac`")
    let interruptLevel = number(fields["irql"], "`irql`", in: 0...31)
    let expected = outcome?.value ?? (isFault ? .pageFault : .translated)
    // A misspelt outcome has been reported; what goes with it is not known.
    if fields["outcome"] == nil || outcome != nil { check(expected, fields) }
    guard let va, let access, let privilege else { return nil }
    return Scenario.FaultExpectation(
      va: va, access: access, privilege: privilege, alignmentCheck: alignmentCheck,
      interruptLevel: interruptLevel,
      outcome: expected, errorCode: errorCode, syndrome: syndrome, pa: pa, updates: updates,
      system: system)
  }

  /// Refuses what an access with this outcome does not answer.
  private func check(_ outcome: Scenario.AccessOutcome, _ fields: Fields) {
    let allowed: [String] =
      switch outcome {
      case .translated: ["pa", "updates"]
      case .pageFault: ["error-code", "esr"]
      case .generalProtection, .missing: []
      }
    for key in ["error-code", "esr", "pa", "updates"] where !allowed.contains(key) {
      guard let mark = fields.keyMark(key) else { continue }
      let with = allowed.map { "`\($0)`" }.joined(separator: ", ")
      report(
        .keysDisagree, "`\(key)` does not go with the outcome `\(outcome.rawValue)`", at: mark,
        notes: [allowed.isEmpty ? "with it go no other keys" : "with it go \(with)"])
    }
  }

  /// Flags by name, or the number on the stack.
  private func errorCode(_ value: YAMLValue) -> Located<Scenario.FaultExpectation.ErrorCode>? {
    guard case .list(let items) = value.kind else {
      return number(value, "`error-code`").map { $0.map { .number($0) } }
    }
    let flags: [Located<Scenario.ErrorCodeFlag>] = items.compactMap {
      word($0, "an item of `error-code`")
    }
    var seen: Set<Scenario.ErrorCodeFlag> = []
    for flag in flags where !seen.insert(flag.value).inserted {
      report(
        .duplicateItem, "`\(flag.value.rawValue)` is already in `error-code`", at: flag.mark)
    }
    guard flags.count == items.count else { return nil }
    return Located(.flags(flags.map(\.value)), at: value.mark)
  }

  private func updates(_ value: YAMLValue) -> Scenario.FaultExpectation.Updates? {
    guard case .list(let items) = value.kind else {
      return number(value, "`updates`").map { .count($0) }
    }
    return .list(items.compactMap(update))
  }

  private func update(_ value: YAMLValue) -> Scenario.Update? {
    guard let fields = fields(of: value, Vocabulary.update) else { return nil }
    let address = number(fields["at"], "`at`")
    let before = number(fields["before"], "`before`")
    let after = number(fields["after"], "`after`")
    return text(fields["entry"], "`entry`").map {
      Scenario.Update(entry: $0, address: address, before: before, after: after)
    }
  }
}
