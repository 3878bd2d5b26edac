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
    return va.map {
      Scenario.PagemapExpectation(
        va: $0, words: words, start: number(fields["start"], "`start`"),
        kernel: text(fields["kernel"], "`kernel`"), outcome: word(fields["outcome"], "`outcome`"),
        pa: number(fields["pa"], "`pa`"), swapType: number(fields["swap-type"], "`swap-type`"),
        swapOffset: number(fields["swap-offset"], "`swap-offset`"), flags: flags)
    }
  }
}
