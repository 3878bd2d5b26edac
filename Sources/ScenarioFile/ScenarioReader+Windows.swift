extension ScenarioReader {
  /// `windows:`.
  func windows(_ value: YAMLValue) -> Scenario.Windows? {
    guard let fields = fields(of: value, Vocabulary.windows) else { return nil }
    let mask = number(fields["invalid-mask"], "`invalid-mask`")
    let slot = number(fields["self-map"], "`self-map`")
    let database = bool(fields["pfn-database"], "`pfn-database`")
    let databaseAddress = number(fields["pfn-database-at"], "`pfn-database-at`")
    let shadow = bool(fields["kva-shadow"], "`kva-shadow`")
    let skeleton = fields["skeleton"].flatMap(skeleton)
    let files = items(of: fields["page-files"], "`page-files`").compactMap(pageFile)
    for (index, file) in files.enumerated()
    where files[..<index].contains(where: { $0.number.value == file.number.value }) {
      report(
        .duplicateItem, "page file \(file.number.value) is already there", at: file.number.mark)
    }
    let stores = files.filter(\.isStore)
    for file in stores.dropFirst() {
      report(
        .keysDisagree, "page file \(stores[0].number.value) is the store already", at: file.mark)
    }
    let sections = items(of: fields["sections"], "`sections`").compactMap(section)
    for (index, section) in sections.enumerated()
    where sections[..<index].contains(where: { $0.name.value == section.name.value }) {
      let name = Diagnostic.quote(section.name.value)
      report(.duplicateItem, "the section \(name) is already there", at: section.name.mark)
    }
    return Scenario.Windows(
      mark: value.mark, invalidMask: mask, selfMapSlot: slot, pfnDatabase: database,
      pfnDatabaseAddress: databaseAddress, kvaShadow: shadow, skeleton: skeleton,
      pageFiles: files, sections: sections)
  }

  /// `skeleton: true`, or a mapping that says more of it.
  private func skeleton(_ value: YAMLValue) -> Scenario.Skeleton? {
    if case .mapping = value.kind {
      guard let fields = fields(of: value, Vocabulary.skeleton) else { return nil }
      let build = number(fields["build"], "`build`", in: 1...UInt64(UInt16.max))
      return Scenario.Skeleton(mark: value.mark, build: build)
    }
    guard let isWanted = bool(value, "`skeleton`"), isWanted.value else { return nil }
    return Scenario.Skeleton(mark: value.mark)
  }

  private func pageFile(_ value: YAMLValue) -> Scenario.PageFile? {
    guard let fields = fields(of: value, Vocabulary.pageFile) else { return nil }
    let number = number(fields["number"], "`number`", in: 0...15)
    let size = size(fields["size"], "`size`")
    let isStore = bool(fields["store"], "`store`")
    return number.map {
      Scenario.PageFile(
        mark: value.mark, number: $0, size: size, isStore: isStore?.value ?? false)
    }
  }

  // MARK: - Sections

  /// The most pages that a subsection may have: more than any file of 16 TiB.
  private static let mostPages: UInt64 = 1 << 32

  private func section(_ value: YAMLValue) -> Scenario.Section? {
    guard let fields = fields(of: value, Vocabulary.section) else { return nil }
    let name = text(fields["name"], "`name`")
    let kind: Located<Scenario.SectionKind>? = word(fields["kind"], "`kind`")
    let items = items(of: fields["subsections"], "`subsections`")
    if let list = fields["subsections"], items.isEmpty, case .list = list.kind {
      report(.empty, "a section needs a subsection", at: list.mark)
    }
    let subsections = items.compactMap(subsection)
    guard let name, let kind else { return nil }
    return Scenario.Section(mark: value.mark, name: name, kind: kind, subsections: subsections)
  }

  private func subsection(_ value: YAMLValue) -> Scenario.Subsection? {
    guard let fields = fields(of: value, Vocabulary.subsection) else { return nil }
    let pages = number(fields["pages"], "`pages`", in: 1...Self.mostPages)
    let unused = number(fields["unused"], "`unused`", in: 0...Self.mostPages)
    let protection = protection(fields["protection"])
    let sector = number(fields["sector"], "`sector`")
    let sectors = number(fields["sectors"], "`sectors`")
    let hasArray = bool(fields["array"], "`array`")
    let ptes = items(of: fields["ptes"], "`ptes`").compactMap(prototypeEntry)
    if hasArray?.value == false, let mark = fields.keyMark("ptes") {
      report(.keysDisagree, "a subsection with `array: false` has no `ptes`", at: mark)
    }
    guard let pages else { return nil }
    for pte in ptes where pte.pages.value.upperBound >= pages.value {
      report(
        .outOfBounds, "the subsection has the pages 0 to \(pages.value - 1)", at: pte.pages.mark)
    }
    return Scenario.Subsection(
      mark: value.mark, pages: pages, unused: unused, protection: protection,
      startingSector: sector, fullSectors: sectors, hasArray: hasArray?.value ?? true, ptes: ptes)
  }

  private func prototypeEntry(_ value: YAMLValue) -> Scenario.PrototypeEntry? {
    guard let fields = fields(of: value, Vocabulary.prototypeEntry) else { return nil }
    let pages: Located<ClosedRange<UInt64>>?
    if case .scalar(let text, _)? = fields["page"]?.kind, NumberText.looksLikeRange(text) {
      pages = range(fields["page"], "`page`")
    } else {
      pages = number(fields["page"], "`page`").map { $0.map { $0...$0 } }
    }
    let statement = statement(fields)
    guard let pages, let statement else { return nil }
    return Scenario.PrototypeEntry(mark: value.mark, pages: pages, statement: statement)
  }

  // MARK: - VADs

  /// One item of `vads`.
  func vad(_ value: YAMLValue) -> Scenario.Vad? {
    guard let fields = fields(of: value, Vocabulary.vad) else { return nil }
    let va = range(fields["va"], "`va`")
    let kind: Located<Scenario.VadKind>? = word(fields["kind"], "`kind`")
    let protection = protection(fields["protection"])
    let isCommitted = bool(fields["commit"], "`commit`")
    let section = text(fields["section"], "`section`")
    let page = number(fields["page"], "`page`")
    if let kind {
      for key in ["section", "page"] where !kind.value.isView {
        guard let mark = fields.keyMark(key) else { continue }
        report(
          .keysDisagree, "`\(key)` does not go with the kind `\(kind.value.rawValue)`", at: mark,
          notes: ["only views of the kinds `mapped`, `image` and `large-page-section` have one"])
      }
      if kind.value.isView, fields["section"] == nil, !fields.isMeant(["section"]) {
        report(
          .missingKey, "a VAD of the kind `\(kind.value.rawValue)` needs the key `section`",
          at: kind.mark)
      }
    }
    guard let va, let kind else { return nil }
    return Scenario.Vad(
      mark: value.mark, va: va, kind: kind, protection: protection, isCommitted: isCommitted,
      section: section, page: page)
  }
}
