extension DiagnosticCode {
  /// What the code means, in a few words.
  public var title: String {
    switch self {
    case .fileTooLarge: "The file is too large"
    case .notUTF8: "The file is not UTF-8"
    case .characterNotAllowed: "A character that may not stand there"
    case .syntax: "The text is not YAML"
    case .duplicateKey: "A key is in a mapping twice"
    case .nestedTooDeeply: "Lists and mappings are nested too deeply"
    case .tooManyNodes: "Too many keys and values"
    case .anchorOrAlias: "Anchors and aliases are not used"
    case .tag: "Tags are not used"
    case .severalDocuments: "More than one document"
    case .unusedSyntax: "YAML syntax that scenarios do not use"
    case .emptyFile: "The file holds no scenario"
    case .unknownVersion: "Another edition of the language"
    case .unknownKey: "An unknown key"
    case .missingKey: "A key is missing"
    case .wrongKind: "A value of the wrong kind"
    case .notANumber: "Not a number"
    case .numberTooLarge: "A number that does not fit 64 bits"
    case .notASize: "Not a size"
    case .notARange: "Not a range"
    case .unknownWord: "An unknown word"
    case .keysDisagree: "Keys that do not go together"
    case .wrongName: "A wrong scenario name"
    case .notBytes: "Not hexadecimal bytes"
    case .notABoolean: "Neither `true` nor `false`"
    case .outOfBounds: "A number out of bounds"
    case .unknownProcess: "An unknown process"
    case .empty: "Nothing where something belongs"
    case .duplicateItem: "An item is there twice"
    case .overlap: "Two statements about the same place"
    case .misaligned: "Off its boundary"
    case .doesNotFit: "A value too large for its field"
    case .unknownMode: "An unknown paging mode"
    case .unknownLevel: "A level that the mode does not have"
    case .unknownField: "An unknown field"
    case .unknownRegister: "An unknown register"
    case .impossibleRegisters: "An impossible register state"
    case .outsideMemory: "Outside the memory of the machine"
    case .tooLarge: "Larger than the bench takes"
    case .unknownFeature: "An unknown processor feature"
    case .unknownFinding: "An unknown finding"
    case .unknownPageSize: "A page size that the mode does not have"
    case .addressNotCanonical: "An address that the mode cannot translate"
    case .noSuchEntry: "No such entry"
    case .outOfFrames: "No frames left"
    case .unknownSystem: "An unknown operating system"
    case .unusableFile: "A file that cannot be used"
    case .modeNeeded: "The paging mode is not known"
    case .contradictsDump: "The scenario contradicts the dump"
    case .unknownDeviation: "An unknown deviation"
    case .contradiction: "One bit asked to be two things"
    case .notMapped: "An address that is not mapped"
    case .notForDumps: "Not for a dump"
    case .impossibleStep: "A step that nobody can do"
    case .notForSystem: "Not for this operating system"
    case .unknownAnswer: "Unknown status, function or signal"
    }
  }

  /// The rule behind the code, in a sentence or two.
  public var explanation: String {
    switch self {
    case .fileTooLarge:
      """
      A scenario file has at most 4 MiB, and with the steps of a long timeline 64 MiB. Bulk layouts and \
      contents are written as rules.
      """
    case .notUTF8: "A scenario is UTF-8 text, with or without a byte order mark."
    case .characterNotAllowed:
      """
      Control characters, byte order marks inside the text and line separators other than LF and \
      CR LF are refused; a tab cannot indent a line.
      """
    case .syntax:
      """
      The message is the YAML parser's. It stops at the first mistake, so there may be more.
      """
    case .duplicateKey: "YAML readers disagree about which of the two counts."
    case .nestedTooDeeply: "A scenario needs fewer than ten levels; 64 are allowed."
    case .tooManyNodes:
      """
      A scenario has at most 262144 keys, values, lists and mappings beside the steps of its timeline, \
      and as many in each step; a timeline has at most 2097152 steps.
      """
    case .anchorOrAlias:
      """
      A few lines of aliases can stand for billions of values. A text that starts with `&` or \
      `*` needs quotes.
      """
    case .tag:
      """
      The key says what kind of value belongs to it. A text that starts with `!` needs quotes.
      """
    case .severalDocuments:
      """
      A file holds one scenario. One `---` at the top and one `...` at the end are allowed.
      """
    case .unusedSyntax: "Directives (`%`) and keys marked by `?` are refused."
    case .emptyFile: "There is nothing in it but blanks and comments."
    case .unknownVersion: "`mmubench:` names the edition of the scenario language, which is 1."
    case .unknownKey: "The notes list the keys that the mapping may have."
    case .missingKey: "The mapping needs a key that it does not have."
    case .wrongKind: "A list stands where a mapping or a scalar belongs, or the other way round."
    case .notANumber:
      """
      Numbers are decimal, `0x` hexadecimal, or two halves with a backtick as WinDbg prints \
      them; `_` may stand between digits. A decimal number has no leading zero.
      """
    case .numberTooLarge: "Addresses, values and sizes are 64-bit unsigned numbers."
    case .notASize: "A size is a number of bytes, or a number with `K M G T` or `KiB MiB GiB TiB`."
    case .notARange:
      """
      A range is `FIRST..LAST`; both ends belong to it, and the last is not before the first.
      """
    case .unknownWord: "The value is one of a few words, which the notes list."
    case .keysDisagree: "Some keys exclude each other, and some mean something only beside another."
    case .wrongName:
      """
      The name consists of `a-z`, `0-9` and `-`, and is the name of the file without `.yaml`.
      """
    case .notBytes:
      """
      Bytes are written with two hexadecimal digits each, blanks between them allowed.
      """
    case .notABoolean:
      """
      Only `true` and `false` are booleans, as in YAML 1.2; `yes`, `no`, `on` and `off` are \
      text.
      """
    case .outOfBounds: "The number is valid, but not there."
    case .unknownProcess: "`process:` names an item of `processes` by pid or by name."
    case .empty: "The key has no value, or an empty one."
    case .duplicateItem: "A pid, an address or a bit number may be in its list once."
    case .overlap: "A page is mapped once, a word is said once, ranges of memory do not overlap."
    case .misaligned:
      """
      Pages, frames and ranges of memory start and end on the boundary of their size.
      """
    case .doesNotFit: "The field has fewer bits than the value."
    case .unknownMode: "The notes list the paging modes."
    case .unknownLevel: "Levels are named by their entries, from `PML5E` to `PTE`."
    case .unknownField:
      """
      Fields have the names of the processor manuals; the notes list those of this entry or \
      register.
      """
    case .unknownRegister: "The notes list the registers that a scenario can set."
    case .impossibleRegisters: "No processor enters this combination of control registers."
    case .outsideMemory: "The address lies beyond `memory:` or in a hole of it."
    case .tooLarge:
      """
      The layout has more pages, tables or bytes than can be built in reasonable time.
      """
    case .unknownFeature: "The notes list the features that a scenario can switch."
    case .unknownFinding: "The notes list what `check` can find."
    case .unknownPageSize: "The notes list the page sizes of the mode in this register state."
    case .addressNotCanonical: "The address is not canonical, or does not fit 32 bits."
    case .noSuchEntry:
      """
      The walk of the address ends before this level, so there is no entry to change, copy or \
      share.
      """
    case .outOfFrames:
      """
      `tables:` and the memory leave too little room for automatic tables and pages.
      """
    case .unknownSystem: "The notes list the operating systems."
    case .unusableFile:
      """
      A dump, truth file or scenario that this one names cannot be opened or read.
      """
    case .modeNeeded: "The dump does not say the paging mode, so `mode:` must."
    case .contradictsDump: "The dump says something else about its machine."
    case .unknownDeviation: "The notes list what `accept:` takes as harmless."
    case .contradiction: "Two keys give the same field or register different values."
    case .notMapped: "Contents and shared tables need an address that the layout maps."
    case .notForDumps: "A memory dump is what it is: only a built image has layouts and contents."
    case .impossibleStep: "No system could do this step where the timeline has come to."
    case .notForSystem: "The kernel that `os:` names does not have this, or no kernel is named."
    case .unknownAnswer: "No answer of the kernel has this name; the notes list those."
    }
  }
}
