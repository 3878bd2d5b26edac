extension ScenarioReader {
  /// `pagemap:` with its words and what they say.
  func pagemap(_ fields: Fields) -> Scenario.PagemapExpectation? {
    let va = number(fields["pagemap"], "`pagemap`")
    let words = items(of: fields["words"], "`words`").compactMap {
      number($0, "an item of `words`")
    }
    let flags = fields["flags"].map { list in
      items(of: list, "`flags`").compactMap { text($0, "an item of `flags`") }
    }
    let entry = number(fields["entry"], "`entry`")
    let isPrivileged = bool(fields["privileged"], "`privileged`")
    checkPagemap(fields)
    return va.map {
      Scenario.PagemapExpectation(
        va: $0, words: words, entry: entry, isPrivileged: isPrivileged,
        start: number(fields["start"], "`start`"),
        kernel: text(fields["kernel"], "`kernel`"), outcome: word(fields["outcome"], "`outcome`"),
        pa: number(fields["pa"], "`pa`"), swapType: number(fields["swap-type"], "`swap-type`"),
        swapOffset: number(fields["swap-offset"], "`swap-offset`"), flags: flags)
    }
  }

  /// Words that were read say something; a word that is computed is compared as a whole.
  private func checkPagemap(_ fields: Fields) {
    let ofWords = ["start", "kernel", "outcome", "pa", "swap-type", "swap-offset", "flags"]
    guard let entry = fields.keyMark("entry") else {
      if fields["words"] == nil, !fields.isMeant(["words", "entry"]) {
        report(
          .missingKey, "an expectation of `pagemap` needs `words` or `entry`", at: fields.mark,
          notes: ["`words` were read, and say something; `entry` is what the machine must give"])
      }
      for key in ["privileged", "process", "root"] {
        guard let mark = fields.keyMark(key) else { continue }
        report(.keysDisagree, "`\(key)` goes with `entry`, not with `words`", at: mark)
      }
      return
    }
    if let mark = fields.keyMark("words") {
      report(
        .keysDisagree, "`words` and `entry` are two expectations", at: max(mark, entry))
    }
    for key in ofWords {
      guard let mark = fields.keyMark(key) else { continue }
      report(.keysDisagree, "`\(key)` goes with `words`, not with `entry`", at: mark)
    }
  }
}
