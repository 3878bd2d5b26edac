extension ScenarioReader {
  /// `linux:`.
  func linux(_ value: YAMLValue) -> Scenario.Linux? {
    guard let fields = fields(of: value, Vocabulary.linux) else { return nil }
    let choices: [Located<Scenario.KernelChoice>]? = fields["config"].map { list in
      items(of: list, "`config`").compactMap { word($0, "an item of `config`") }
    }
    return Scenario.Linux(mark: value.mark, configuration: choices)
  }

  /// What only entries of Linux say.
  func linuxStatement(_ fields: Fields) -> Scenario.LinuxStatement {
    guard fields.table.name == Vocabulary.softwareEntry.name else {
      return Scenario.LinuxStatement()
    }
    return Scenario.LinuxStatement(
      swapType: number(fields["type"], "`type`", in: 0...31),
      kind: word(fields["kind"], "`kind`"),
      markers: items(of: fields["markers"], "`markers`").compactMap {
        word($0, "an item of `markers`")
      },
      isSoftDirty: bool(fields["soft-dirty"], "`soft-dirty`"),
      isUserfaultWriteProtected: bool(fields["uffd-wp"], "`uffd-wp`"),
      isExclusive: bool(fields["exclusive"], "`exclusive`"))
  }

  // MARK: - Areas

  /// The two-letter words of the line VmFlags in smaps that mean something here.
  static let areaFlags = [
    "rd", "wr", "ex", "sh", "gd", "pf", "mm", "ht", "sd", "um", "uw", "ui", "ss", "hg", "io", "lo",
    "mg",
  ]

  /// One item of `vmas`.
  func vma(_ value: YAMLValue) -> Scenario.Vma? {
    guard let fields = fields(of: value, Vocabulary.vma) else { return nil }
    let va = range(fields["va"], "`va`")
    let permissions = permissions(fields["perms"])
    let flags = items(of: fields["flags"], "`flags`").compactMap(areaFlag)
    let file = text(fields["file"], "`file`")
    let name = text(fields["name"], "`name`")
    let fileSystem: Located<Scenario.FileSystem>? = word(fields["file-system"], "`file-system`")
    let offset = size(fields["offset"], "`offset`", mayBeZero: true)
    let fileSize = size(fields["file-size"], "`file-size`", mayBeZero: true)
    let key = number(fields["pkey"], "`pkey`", in: 0...15)
    if fields["file"] == nil, !fields.isMeant(["file"]) {
      for key in ["file-system", "offset", "file-size"] {
        guard let mark = fields.keyMark(key) else { continue }
        report(.keysDisagree, "`\(key)` is about a file: the key `file` names it", at: mark)
      }
    } else if let mark = fields.keyMark("name") {
      report(.keysDisagree, "an area of a file has its name: `file` or `name`", at: mark)
    }
    guard let va, let permissions else { return nil }
    return Scenario.Vma(
      mark: value.mark, va: va, permissions: permissions, flags: flags, file: file, name: name,
      fileSystem: fileSystem, offset: offset, fileSize: fileSize, protectionKey: key)
  }

  private func permissions(_ value: YAMLValue?) -> Located<String>? {
    guard let text = scalar(value, "`perms`", "permissions as in `rw-p`") else { return nil }
    let places: [[Character]] = [["r", "-"], ["w", "-"], ["x", "-"], ["p", "s"]]
    let letters = Array(text.value)
    guard letters.count == 4, zip(letters, places).allSatisfy({ $1.contains($0) }) else {
      report(
        .unknownWord, "\(Diagnostic.quote(text.value)) are no permissions", at: text.mark,
        notes: ["four letters, as /proc/PID/maps has them: `rwxp`, `r--s`, `---p`"])
      return nil
    }
    return text
  }

  private func areaFlag(_ value: YAMLValue) -> Located<String>? {
    guard let flag = text(value, "an item of `flags`") else { return nil }
    guard Self.areaFlags.contains(flag.value) else {
      report(
        Diagnostic(.unknownWord, unknown: "flag", flag, choices: Self.areaFlags))
      return nil
    }
    return flag
  }
}
