/// The sections that steps of a timeline create.
extension ScenarioReader {
  func section(_ fields: Fields) -> Scenario.SectionStatement? {
    let name = name(fields)
    let kind: Located<Scenario.SectionKind>? = word(fields["kind"], "`kind`")
    let commit = bool(fields["commit"], "`commit`")?.value ?? true
    var parts: [Scenario.SectionStatement.Part] = []
    if one(of: ["pages", "parts"], in: fields) == "pages" {
      let pages = number(fields["pages"], "`pages`", in: 1...1 << 20)
      let protection = protection(of: fields) ?? .words(.readWrite, modifier: nil)
      guard let pages else { return nil }
      parts = [.init(pages: pages.value, protection: protection)]
    } else {
      if let mark = fields.keyMark("protection") {
        report(.keysDisagree, "`protection` goes with `pages`; each part has its own", at: mark)
      }
      let items = items(of: fields["parts"], "`parts`")
      if let list = fields["parts"], items.isEmpty, case .list = list.kind {
        report(.empty, "a section needs a part", at: list.mark)
      }
      parts = items.compactMap(part)
    }
    guard let name, let kind, !parts.isEmpty else { return nil }
    return Scenario.SectionStatement(
      name: name, kind: kind.value, parts: parts, isCommitted: commit)
  }

  private func part(_ value: YAMLValue) -> Scenario.SectionStatement.Part? {
    guard let fields = fields(of: value, Vocabulary.part) else { return nil }
    let pages = number(fields["pages"], "`pages`", in: 1...1 << 20)
    let protection = protection(of: fields)
    let filePages = number(fields["file-pages"], "`file-pages`", in: 0...1 << 20)
    guard let pages, let protection else { return nil }
    return .init(pages: pages.value, protection: protection, filePages: filePages?.value)
  }
}
