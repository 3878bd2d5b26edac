import BitLayout
public import Machine
import Paging
import PhysicalMemory
public import WindowsMemory

/// Says what a word means to Windows as an entry of a page table or of a prototype array.
public struct WindowsEntryReport: Sendable {
  /// What the reading depends on, besides the machine's processor.
  public struct Question: Sendable {
    /// The kernel whose layouts are taken.
    public var kernel: WindowsKernel
    /// The invalid-PTE mask.
    public var mask: InvalidPTEMask
    /// Where the entry was found.
    public var table: PTETable
    /// Its level: 1 is PTE.
    public var level: Int
    /// The form that is shown instead of the one that the entry's state calls for.
    public var form: WindowsStructure?
    /// How the name of the kernel, the mask and the level became known.
    public var sources: (kernel: String, mask: String, level: String)

    /// Asks about an entry of a kernel.
    public init(
      _ kernel: WindowsKernel, mask: InvalidPTEMask = .none, table: PTETable = .process,
      level: Int = 1, sources: (kernel: String, mask: String, level: String)
    ) {
      self.kernel = kernel
      self.mask = mask
      self.table = table
      self.level = level
      self.sources = sources
    }
  }

  private let value: UInt64
  private let machine: Machine
  private let question: Question
  private let decoder: PTEDecoder
  private let reading: PTEReading
  private var kernel: WindowsKernel { question.kernel }
  private var mode: PagingMode { machine.paging.mode }

  /// Prepares for an entry; of the machine, only mode and processor are looked at.
  public init(_ value: UInt64, of machine: Machine, _ question: Question) {
    self.value = value
    self.machine = machine
    self.question = question
    decoder = PTEDecoder(question.kernel, mask: question.mask)
    reading = decoder.reading(of: value, level: question.level, table: question.table)
  }

  private var isPresent: Bool { reading.state == .valid || reading.state == .large }

  /// The structure whose fields the entry has.
  private var structure: WindowsStructure {
    if let form = question.form { return form }
    return switch reading.state {
    case .valid, .large: .hardware
    case .transition: .transition
    case .prototype: .prototype
    case .prototypeVAD: decoder.vadFormStructure
    case .subsection: .subsection
    case .zero, .demandZero, .noAccess, .decommitted, .pageFile, .virtualStore, .freed, .ambiguous:
      .software
    }
  }

  /// Writes what the reading depends on, the entry as boxes and field by field, and what it means.
  public func writeText(to out: inout TextBuffer) {
    writeHeader(to: &out)
    guard let figure else { return }
    figure.write(to: &out)
    for (sentence, style) in sentences { out.writeIndented(sentence, style) }
    if isPresent {
      hardware.writeSentence(question.level, to: &out)
    } else if value != 0 {
      out.write("  \(words.mask(question.mask, value, decoder.withoutMask(value)))\n")
    }
    for note in notes { out.write("  note: \(note)\n", .yellow) }
  }

  private var hardware: EntryReport { EntryReport(value, of: machine) }

  private var words: WindowsEntrySentence {
    WindowsEntrySentence(
      reading: reading, kernel: kernel, table: question.table, level: question.level, mode: mode)
  }

  /// The entry with the fields of the structure that describes it.
  var figure: EntryFigure? {
    let unmasked = decoder.withoutMask(value)
    return kernel.layout(structure).map { layout in
      EntryFigure(
        word: value, layout: layout,
        offending: isPresent ? hardware.offending(question.level) : 0
      ) { field in
        guard field.mask & (value ^ unmasked) != 0 else { return nil }
        return ("\(field.value(in: unmasked).hex) without the invalid-PTE mask", .yellow)
      }
    }
  }

  /// What the entry says of the page, and what may be done with it.
  var sentences: [(String, TextStyle)] {
    var sentences = [(words.state, words.style)]
    if let protection = words.protection { sentences.append((protection, .plain)) }
    if isPresent, question.level == 1 || reading.state == .large {
      sentences.append((words.write(decoder.writeRight(of: value)), .plain))
    }
    return sentences
  }

  /// Writes the entry as the debugger's `dt nt!_MMPTE` does: in what forms it can be read.
  public func writeUnion(to out: inout TextBuffer) {
    WindbgUnion(kernel: kernel, word: value).write(to: &out)
  }

  /// Writes the entry as the debugger's `dt nt!_MMPTE_...` does, in the structure that describes it.
  public func writeType(to out: inout TextBuffer) {
    guard let layout = kernel.layout(structure) else { return }
    WindbgType(structure: structure, layout: layout, word: value).write(to: &out)
  }

  private func writeHeader(to out: inout TextBuffer) {
    let mode = machine.provenance.first { $0.subject == "mode" }
    var facts = [
      ("mode", machine.paging.mode.rawValue, mode?.source ?? "assumed"),
      ("kernel", kernel.version, question.sources.kernel),
      ("level", self.mode.entryName(question.level), question.sources.level),
    ]
    if question.table == .prototype { facts.append(("table", "prototype entries", "--table")) }
    if kernel.hasSwizzleBit && !isPresent {
      facts.append(("mask", question.mask.rawValue.hex, question.sources.mask))
    }
    if isPresent { facts += RegisterFacts(machine.paging, machine.provenance).entryFacts }
    FactTable.write(facts, to: &out)
    out.endLine()
  }

  private var notes: [String] { kernel.notes + [reading.caveat(on: kernel)].compactMap(\.self) }

  /// Writes the entry as JSON.
  public func writeJSON(to out: inout TextBuffer) {
    out.openObject()
    out.member("value", hex: value)
    out.member("mode", mode.rawValue)
    out.member("level", mode.entryName(question.level))
    out.member("os", kernel.id.description)
    out.member("kernel", kernel.version)
    out.member("table", question.table.rawValue)
    out.member("state", reading.state.rawValue)
    writeTarget(to: &out)
    let unmasked = decoder.withoutMask(value)
    if unmasked != value { out.member("without_mask", hex: unmasked) }
    if isPresent { EntryReport(value, of: machine).writeTranslation(question.level, to: &out) }
    let layout = kernel.layout(structure)
    if let layout { out.member("layout", String(describing: layout.name)) }
    if !notes.isEmpty { out.member("notes", notes) }
    out.members(ofFields: layout, in: value)
    out.closeLine()
  }

  private func writeTarget(to out: inout TextBuffer) {
    if let pfn = reading.pfn { out.member("pfn", hex: pfn) }
    if let protection = reading.protection {
      out.member("protection", UInt64(protection.rawValue))
      out.member("protection_name", protection.pageName)
      out.member("modifier", protection.modifier.rawValue)
    }
    if let file = reading.pageFile { out.member("page_file", file) }
    let numbers: [(String, UInt64?)] = [
      ("page_file_offset", reading.pageFileOffset),
      ("prototype_address", reading.prototypeAddress),
      ("prototype_offset", reading.prototypeOffset),
      ("subsection_address", reading.subsectionAddress),
      ("subsection_offset", reading.subsectionOffset),
    ]
    for (name, number) in numbers {
      if let number { out.member(name, hex: number) }
    }
  }
}
