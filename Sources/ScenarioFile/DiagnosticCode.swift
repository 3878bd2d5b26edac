/// The kind of a diagnostic: a stable code that documentation, tests and `rejects:` refer to.
///
/// A code is never given a second meaning. `E01..` is about the file and its syntax, `E02..` about the
/// vocabulary; `E03..` is about what the scenario asks of the machine and is reported by the image
/// builder; `E04..` is about what its timeline asks.
public enum DiagnosticCode: String, CaseIterable, Hashable, Sendable {
  // The file and its syntax.
  /// The file is larger than a scenario may be.
  case fileTooLarge = "E0101"
  /// The bytes of the file are not UTF-8.
  case notUTF8 = "E0102"
  /// A character that a scenario may not hold, or not there.
  case characterNotAllowed = "E0103"
  /// The text is not YAML.
  case syntax = "E0104"
  /// One key twice in a mapping.
  case duplicateKey = "E0105"
  /// Lists and mappings nested too deeply.
  case nestedTooDeeply = "E0106"
  /// More keys and values than a scenario may have.
  case tooManyNodes = "E0107"
  /// An anchor or an alias.
  case anchorOrAlias = "E0108"
  /// A tag.
  case tag = "E0109"
  /// More than one document.
  case severalDocuments = "E0110"
  /// A directive or a `?` key.
  case unusedSyntax = "E0111"
  /// Nothing but blanks and comments.
  case emptyFile = "E0112"

  // The vocabulary.
  /// `mmubench:` is absent or not 1.
  case unknownVersion = "E0201"
  /// A key that the language does not have there.
  case unknownKey = "E0202"
  /// A key that must be there is not.
  case missingKey = "E0203"
  /// A list where a mapping belongs, and the like.
  case wrongKind = "E0204"
  /// Text that is not a number.
  case notANumber = "E0205"
  /// A number that does not fit 64 bits.
  case numberTooLarge = "E0206"
  /// Text that is not a size.
  case notASize = "E0207"
  /// Text that is not a range, or a range that ends before it starts.
  case notARange = "E0208"
  /// A word outside the choices.
  case unknownWord = "E0209"
  /// Keys that exclude or need each other.
  case keysDisagree = "E0210"
  /// A `scenario:` that is malformed or not the file's name.
  case wrongName = "E0211"
  /// Text that is not hexadecimal bytes.
  case notBytes = "E0212"
  /// Text that is neither `true` nor `false`.
  case notABoolean = "E0213"
  /// A number outside its bounds.
  case outOfBounds = "E0214"
  /// A process that the scenario does not have.
  case unknownProcess = "E0215"
  /// Nothing where something belongs.
  case empty = "E0216"
  /// The same item twice in a list.
  case duplicateItem = "E0217"

  // What the scenario asks of the machine.
  /// Two statements about the same page, word or memory.
  case overlap = "E0301"
  /// An address or a size off its boundary.
  case misaligned = "E0302"
  /// A value too large for its field.
  case doesNotFit = "E0303"
  /// A paging mode that does not exist.
  case unknownMode = "E0304"
  /// A level that the mode does not have.
  case unknownLevel = "E0305"
  /// A field that the entry or register does not have.
  case unknownField = "E0306"
  /// A register that does not exist.
  case unknownRegister = "E0307"
  /// Registers in a state that a processor refuses.
  case impossibleRegisters = "E0308"
  /// An address outside the memory of the machine.
  case outsideMemory = "E0309"
  /// More pages, tables or memory than the bench takes.
  case tooLarge = "E0310"
  /// A feature that does not exist.
  case unknownFeature = "E0311"
  /// A finding that `check` does not know.
  case unknownFinding = "E0312"
  /// A page size that the mode does not have.
  case unknownPageSize = "E0313"
  /// A virtual address that the mode cannot translate.
  case addressNotCanonical = "E0314"
  /// An entry that cannot be reached because nothing leads to it.
  case noSuchEntry = "E0315"
  /// No frames left for automatic tables or pages.
  case outOfFrames = "E0316"
  /// An operating system that is not known.
  case unknownSystem = "E0317"
  /// A file that the scenario names cannot be used.
  case unusableFile = "E0318"
  /// Nothing says which paging mode is meant.
  case modeNeeded = "E0319"
  /// The scenario contradicts the dump.
  case contradictsDump = "E0320"
  /// A deviation that `accept:` does not know.
  case unknownDeviation = "E0321"
  /// One bit asked to be two things.
  case contradiction = "E0322"
  /// An address that is not mapped where it must be.
  case notMapped = "E0323"
  /// Something that only a built image can have.
  case notForDumps = "E0324"
  /// Something that the operating system does not have.
  case notForSystem = "E0325"
  /// A status, a function or a signal that no verdict of the kernel has.
  case unknownAnswer = "E0326"

  // What a timeline asks of the system.
  /// A step of a timeline that nobody can do.
  case impossibleStep = "E0401"
}
