/// The keys of the steps of a timeline.
extension Vocabulary {
  /// What every step may have beside its own keys.
  static let stepKeys = ["process", "frames", "note", "status", "faults", "expect"]

  private static func step(_ verb: String, _ keys: [String] = []) -> KeyTable {
    KeyTable(verb, "a step of `\(verb)`", required: [verb], [verb] + keys + stepKeys)
  }

  private static func step(
    _ verb: String, required: [String], _ keys: [String] = []
  ) -> KeyTable {
    KeyTable(
      verb, "a step of `\(verb)`", required: [verb] + required,
      [verb] + required + keys + stepKeys)
  }

  private static let accessKeys = [
    "as", "stride", "count", "seed", "text", "bytes", "fill", "on-violation",
  ]

  /// The tables of the steps by their verbs.
  static let stepsByVerb = Dictionary(uniqueKeysWithValues: steps.map { ($0.name, $0) })

  /// The tables of the steps; the name of each is its verb.
  static let steps = [
    step("read", ["as", "stride", "count", "seed", "on-violation"]),
    step("write", accessKeys),
    step("execute", ["as", "stride", "count", "seed", "on-violation"]),
    step("exit"),
    step("reserve", ["protection", "commit", "large-pages"]),
    step("commit", required: ["protection"]),
    step("protect", required: ["protection"]),
    step("decommit"), step("free"),
    step("stack", ["committed"]),
    step("create-section", required: ["kind"], ["pages", "protection", "parts", "commit"]),
    step("map-view", required: ["section", "protection"], ["page"]),
    step("unmap-view"),
    step("trim"), step("write-modified"), step("compress"), step("repurpose"),
    step("zero-pages"), step("lock"), step("unlock"), step("combine"),
    step("create-process", required: ["pid"]),
    step("mmap", required: ["prot"], ["shared", "file", "page", "populate", "grows-down"]),
    step("munmap"),
    step("mprotect", required: ["prot"]),
    step("madvise", required: ["advice"]),
    step("mlock"), step("munlock"),
    step("fork", required: ["pid"]),
    step("create-file", required: ["size"]),
    step("swap-on"), step("swap-out"), step("drop-caches"), step("split"), step("numa-scan"),
    step("userfaultfd", required: ["modes"]),
    step("uffd-copy"), step("uffd-zeropage"), step("uffd-protect"), step("uffd-unprotect"),
    step("clear-refs"),
  ]

  static let part = KeyTable(
    "part", "an item of `parts`", required: ["pages", "protection"],
    ["pages", "protection", "file-pages"])

  static let pfn = KeyTable(
    "pfn", "an expectation of `pfn`", required: ["pfn"],
    [
      "pfn", "on", "location", "share-count", "reference-count", "pte-address", "original-pte",
      "pte-frame", "prototype", "flags", "map-count",
    ])
  static let lists = KeyTable(
    "lists", "an expectation of `lists`", required: ["lists"], ["lists", "on"])
  static let pagemapAt = KeyTable(
    "pagemap-at", "an expectation of `pagemap-at`", required: ["pagemap-at"],
    [
      "pagemap-at", "process", "on", "present", "swapped", "soft-dirty", "exclusive", "uffd-wp",
      "file", "guard", "value",
    ])

  /// The tables that only timelines have, beside the steps.
  static let ofTimelines = [part]
}
