/// The keys of what a Windows kernel keeps in memory, and of what it makes of an exception.
extension Vocabulary {
  static let system = KeyTable("system", "an item of `os`", required: ["id"], ["id", "mode"])

  static let windows = KeyTable(
    "windows", "`windows`",
    [
      "invalid-mask", "self-map", "pfn-database", "pfn-database-at", "kva-shadow", "skeleton",
      "page-files", "sections",
    ])
  static let skeleton = KeyTable("skeleton", "`skeleton`", ["build"])
  static let pageFile = KeyTable(
    "page-file", "an item of `page-files`", required: ["number"], ["number", "size", "store"])
  static let section = KeyTable(
    "section", "an item of `sections`", required: ["name", "kind", "subsections"],
    ["name", "kind", "subsections"])
  static let subsection = KeyTable(
    "subsection", "an item of `subsections`", required: ["pages"],
    ["pages", "unused", "protection", "sector", "sectors", "array", "ptes"])

  /// What an entry of any table may say.
  private static let statementKeys = [
    "state", "protection", "to", "file", "offset", "address", "fields",
  ]
  static let softwareEntry = KeyTable(
    "software-entry", "an item of `ptes`", required: ["va", "state"],
    ["va", "level"] + statementKeys + ["section", "page", "accessed", "dirty"] + linuxKeys + ["on"])
  static let prototypeEntry = KeyTable(
    "prototype-entry", "an item of a subsection's `ptes`", required: ["page", "state"],
    ["page"] + statementKeys + ["accessed", "dirty"])

  static let vad = KeyTable(
    "vad", "an item of `vads`", required: ["va", "kind"],
    ["va", "kind", "protection", "commit", "section", "page"])

  static let systemExpectation = KeyTable(
    "system-expectation", "`os`",
    ["state", "protection", "modifier", "handler", "cost", "status", "bugcheck"]
      + ["signal", "signal-code", "kernel"])
  static let bugCheck = KeyTable("bugcheck", "`bugcheck`", required: ["code"], ["code", "args"])

  private static let readingKeys = [
    "state", "protection", "modifier", "value", "pfn", "page-file", "page-file-offset",
    "prototype-address", "subsection-address",
  ]
  static let pte = KeyTable(
    "pte", "an expectation of `pte`", required: ["pte"],
    ["pte", "level", "process", "root", "on"] + readingKeys
      + ["type", "offset", "soft-dirty", "uffd-wp", "exclusive"] + ["leads-to"])
  static let destination = KeyTable(
    "destination", "`leads-to`",
    ["state", "protection", "modifier", "pa", "page-file", "page-file-offset", "file-offset"]
      + ["missing"])

  /// The tables that are no expectations of their own.
  static let ofWindows = [
    system, windows, skeleton, pageFile, section, subsection, softwareEntry, prototypeEntry, vad,
    systemExpectation, bugCheck, destination,
  ]
}
