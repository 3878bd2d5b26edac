import BitLayout
public import LinuxMemory
public import Machine
import Paging
import PhysicalMemory

/// Says what a word means to Linux as an entry of a page table.
public struct LinuxEntryReport: Sendable {
  /// What the reading depends on, besides the machine's processor.
  public struct Question: Sendable {
    /// The kernel whose layouts are taken.
    public var system: LinuxSystem
    /// Its level: 1 is PTE.
    public var level: Int
    /// How the level became known.
    public var levelSource: String

    /// Asks about an entry of a kernel.
    public init(_ system: LinuxSystem, level: Int = 1, levelSource: String) {
      self.system = system
      self.level = level
      self.levelSource = levelSource
    }
  }

  private let value: UInt64
  private let machine: Machine
  private let question: Question
  private let decoder: LinuxEntryDecoder
  private let reading: LinuxEntryReading
  private var kernel: LinuxKernel { question.system.kernel }
  private var level: Int { question.level }
  private var mode: PagingMode { machine.paging.mode }

  /// Prepares for an entry; of the machine, only mode and processor are looked at.
  public init(_ value: UInt64, of machine: Machine, _ question: Question) {
    self.value = value
    self.machine = machine
    self.question = question
    decoder = LinuxEntryDecoder(question.system.kernel, machine.paging)
    reading = decoder.reading(of: value, level: question.level)
  }

  private var layout: WordLayout? { decoder.layout(of: value, level: level) }

  /// Whether the processor uses the entry.
  private var isPresent: Bool {
    if case .notPresent = machine.paging.meaning(of: value, level: level) { false } else { true }
  }

  private var state: LinuxEntryReading.State {
    reading.mayBeZeroPage ? .zeroPage : reading.state
  }

  /// Writes what the reading depends on, the entry as boxes and field by field, and what it means.
  public func writeText(to out: inout TextBuffer) {
    writeHeader(to: &out)
    guard let figure else { return }
    figure.write(to: &out)
    for (sentence, style) in sentences { out.writeIndented(sentence, style) }
    hardware.writeSentence(level, to: &out)
    for note in notes { out.write("  note: \(note)\n", .yellow) }
  }

  private var hardware: EntryReport { EntryReport(value, of: machine) }

  /// The entry with its fields; nil where the kernel has no layout for it.
  var figure: EntryFigure? {
    layout.map { layout in
      EntryFigure(
        word: value, layout: layout, offending: isPresent ? hardware.offending(level) : 0
      ) { field in inverted(field).map { ($0, .yellow) } }
    }
  }

  /// What becomes of the page, and what else the entry says.
  var sentences: [(String, TextStyle)] {
    let words = LinuxEntrySentence(
      reading: reading, state: state, level: level, isPresentForProcessor: isPresent, mode: mode)
    return [(words.words, words.style)] + words.details.map { ($0, .plain) }
  }

  /// What a field is that the kernel stores inverted.
  private func inverted(_ field: BitField) -> String? {
    if field.mask == kernel.swapEntry.offset.mask, let offset = reading.swapOffset,
      kernel.swapEntry.offsetIsInverted, value != 0
    {
      return "inverted \(offset.hex)"
    }
    guard kernel.bits.framesAreInverted, reading.state == .protnone, field.kind == .address else {
      return nil
    }
    return "inverted \((~value & field.mask).hex)"
  }

  private var notes: [String] {
    var notes = kernel.assumptions
    if reading.swapType == nil { notes.removeAll { $0.hasPrefix("swap types") } }
    return notes
  }

  private func writeHeader(to out: inout TextBuffer) {
    let source = machine.provenance.first { $0.subject == "mode" }?.source
    var facts = [
      ("mode", mode.rawValue, source ?? "assumed"),
      ("kernel", "Linux \(kernel.version)", question.system.foundBy),
      ("level", mode.entryName(level), question.levelSource),
    ]
    if isPresent { facts += RegisterFacts(machine.paging, machine.provenance).entryFacts }
    FactTable.write(facts, to: &out)
    out.endLine()
  }

  /// Writes the entry as JSON.
  public func writeJSON(to out: inout TextBuffer) {
    out.openObject()
    out.member("value", hex: value)
    out.member("mode", mode.rawValue)
    out.member("level", mode.entryName(level))
    out.member("os", kernel.id)
    out.member("state", state.rawValue)
    LinuxEntryFacts(reading).writeMembers(to: &out)
    out.member("present", reading.isPresent)
    if reading.isPresent {
      out.member("writable", reading.isWritable)
      out.member("young", reading.isYoung)
      out.member("dirty", reading.isDirty)
    }
    if isPresent { EntryReport(value, of: machine).writeTranslation(level, to: &out) }
    if let layout { out.member("layout", String(describing: layout.name)) }
    if !notes.isEmpty { out.member("notes", notes) }
    out.members(ofFields: layout, in: value)
    out.closeLine()
  }
}
