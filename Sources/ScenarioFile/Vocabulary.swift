/// The keys of one kind of mapping in the scenario language.
package struct KeyTable: Sendable {
  /// The name of the table, also in the published schema.
  package let name: String
  /// What the mapping is called in a message.
  package let title: String
  /// The keys in the order in which messages list them.
  package let keys: [String]
  /// The keys that must be there.
  package let required: [String]

  init(_ name: String, _ title: String, required: [String] = [], _ keys: [String]) {
    self.name = name
    self.title = title
    self.keys = keys
    self.required = required
  }
}

/// Every key of edition 1 of the scenario language, declared once: the parser reads only keys that
/// stand here, and the published schema is compared with these tables.
package enum Vocabulary {
  /// The edition that `mmubench:` must name.
  package static let edition: UInt64 = 1

  static let layoutKeys = ["map", "share", "entries", "self-map", "ptes", "vads", "vmas"]

  static let scenario = KeyTable(
    "scenario", "a scenario", required: ["mmubench", "scenario", "title", "source", "machine"],
    ["mmubench", "scenario", "title", "source", "about", "machine", "windows", "linux"]
      + ["processes"]
      + layoutKeys
      + ["timeline", "contents", "expect", "golden", "deviates"])

  static let machine = KeyTable(
    "machine", "`machine`", required: ["memory"],
    [
      "mode", "memory", "os", "vendor", "root", "registers", "ac", "physical-bits", "c-bit",
      "shared-bit", "features", "accept", "tables", "absent",
    ])

  static let dump = KeyTable("dump", "`memory`", required: ["dump"], ["dump", "base"])
  static let facts = KeyTable("facts", "`memory`", required: ["facts"], ["facts", "width"])
  /// What messages list before the keys tell which of the two forms is meant.
  static let memory = KeyTable("memory", "`memory`", dump.keys + facts.keys)
  static let tables = KeyTable("tables", "`tables`", ["from", "order", "seed"])

  static let truthProcesses = KeyTable(
    "truth-processes", "`processes`", required: ["truth"], ["truth"])
  static let process = KeyTable(
    "process", "an item of `processes`",
    ["name", "pid", "root", "kva-shadow", "listed", "recorded-root", "wsle"] + layoutKeys)

  static let mapping = KeyTable(
    "mapping", "an item of `map`", required: ["va", "to"],
    ["va", "to", "page", "every", "rights", "alternate", "fields", "upper", "on"])
  static let consecutive = KeyTable(
    "consecutive", "`to`", required: ["from"], ["from", "stride", "order", "seed"])
  static let random = KeyTable("random", "`to`", required: ["random", "seed"], ["random", "seed"])
  static let rights = KeyTable("rights", "`rights`", ["write", "user", "execute"])

  static let share = KeyTable(
    "share", "an item of `share`", required: ["va", "level", "with"],
    ["va", "level", "with", "process"])

  static let entry = KeyTable(
    "entry", "an item of `entries`", required: ["va", "level"],
    ["va", "level", "value", "set", "bits", "on"])
  static let word = KeyTable(
    "word", "an item of `entries`", required: ["at"], ["at", "width", "value", "bits", "on"])
  static let bits = KeyTable("bits", "`bits`", ["set", "clear"])

  static let selfMap = KeyTable("self-map", "`self-map`", required: ["slot"], ["slot"])

  static let content = KeyTable(
    "content", "an item of `contents`",
    ["pa", "va", "process", "text", "bytes", "fill", "random", "words", "size"])

  static let walk = KeyTable(
    "walk", "an expectation of `walk`", required: ["walk"],
    [
      "walk", "process", "root", "on", "outcome", "pa", "page-size", "write", "user", "execute",
      "in-image",
      "stopped-at", "reserved", "missing",
    ])
  static let fault = KeyTable(
    "fault", "an expectation of `fault`", required: ["fault", "access", "as"],
    [
      "fault", "access", "as", "ac", "irql", "process", "root", "on", "outcome", "error-code",
      "esr", "pa", "updates", "os",
    ])
  static let update = KeyTable(
    "update", "an item of `updates`", required: ["entry"], ["entry", "at", "before", "after"])
  static let pagemap = KeyTable(
    "pagemap", "an expectation of `pagemap`", required: ["pagemap"],
    [
      "pagemap", "words", "start", "kernel", "outcome", "pa", "swap-type", "swap-offset", "flags",
      "entry", "privileged", "process", "root", "on",
    ])
  static let faults = KeyTable(
    "faults", "an expectation of `faults`", required: ["faults"], ["faults"])
  static let check = KeyTable(
    "check", "an expectation of `check`", required: ["check"], ["check", "process", "root", "on"])
  static let mappings = KeyTable(
    "mappings", "an expectation of `mappings`", required: ["mappings"],
    ["mappings", "bytes", "process", "root", "on"])
  static let found = KeyTable(
    "found", "an expectation of `found`", required: ["found"],
    ["found", "doubtful", "processes", "self-map", "invalid-mask", "on"])
  static let bytesAt = KeyTable(
    "bytes-at", "an expectation of `bytes-at`", required: ["bytes-at", "bytes"],
    ["bytes-at", "bytes", "process", "root", "on"])
  static let ledger = KeyTable(
    "ledger", "an expectation of `ledger`", required: ["ledger"], ["ledger"])
  static let sameDigest = KeyTable(
    "same-digest-as", "an expectation of `same-digest-as`", required: ["same-digest-as"],
    ["same-digest-as"])
  static let sameTranslation = KeyTable(
    "same-translation-as", "an expectation of `same-translation-as`",
    required: ["same-translation-as"], ["same-translation-as"])
  static let truth = KeyTable("truth", "an expectation of `truth`", required: ["truth"], ["truth"])
  static let rejects = KeyTable(
    "rejects", "an expectation of `rejects`", required: ["rejects"], ["rejects"])
  static let rejection = KeyTable(
    "rejection", "`rejects`", required: ["text", "code"], ["text", "code", "at"])

  static let deviation = KeyTable(
    "deviation", "an item of `deviates`", required: ["oracle", "answers"],
    ["oracle", "id", "va", "process", "answers", "note"])

  /// The tables of the expectations; the name of each is its verb.
  static let verbs = [
    walk, fault, bytesAt, pte, pagemap, pfn, lists, pagemapAt, check, mappings, found, ledger,
    sameDigest, sameTranslation, truth, faults, rejects,
  ]

  /// Every table of its own; `memory` is two of them in one.
  package static let all =
    [
      scenario, machine, dump, facts, tables, truthProcesses, process, mapping, consecutive, random,
      rights, share, entry, word, bits, selfMap, content, update, rejection,
      deviation,
    ] + ofWindows + ofLinux + ofTimelines + steps + verbs
}
