import BitLayout
import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// A walk as the debugger's `!pte` writes it.
struct WindbgWalk {
  let paging: PagingState
  let walk: Walk
  let profile: WindbgProfile
  let selfMap: SelfMap?
  /// Reads entries that are not valid; nil where the kernel is not known.
  let decoder: PTEDecoder?
  let letters: WindbgLetters

  /// The levels that are shown: a PAE PDPTE is not.
  private var levels: [Int] {
    Array((1...(WindowsEntryFormat(walk.mode).isThirtyTwoBit ? 2 : 4)).reversed())
  }

  private func step(_ level: Int) -> WalkStep? { walk.steps.first { $0.level == level } }

  func write(to out: inout TextBuffer) {
    if walk.writeNonCanonical(to: &out) { return }
    out.spaces(profile.margin)
    out.write("VA ")
    out.bareHex(walk.address.rawValue, digits: profile.addressDigits)
    out.endLine()
    writeRow(to: &out, levels.map { "\(WindbgProfile.name($0)) at \(entryAddress($0))" })
    // An entry above the page directory of PAE decides before the debugger's first column.
    guard let last = levels.last(where: { step($0) != nil }) else {
      out.write("[\(sentence)]\n")
      return
    }
    writeRow(to: &out, contents(to: last))
    writeMeanings(last, to: &out)
  }

  private func entryAddress(_ level: Int) -> String {
    guard let place = selfMap?.address(of: walk.address, level: level) else {
      return String(repeating: "?", count: profile.addressDigits)
    }
    return upper(place.rawValue, profile.addressDigits)
  }

  /// The entries of the columns; where a large page has no PTE, the debugger shows 0 in its place.
  private func contents(to last: Int) -> [String] {
    levels.filter { $0 >= last || isLargePage }.map { level in
      guard let step = step(level) else { return "contains \(upper(0, profile.entryDigits))" }
      return "contains "
        + (step.entry.map { upper($0, profile.entryDigits) } ?? "[not in the image]")
    }
  }

  private var isLargePage: Bool { walk.result.translation.map { $0.level == 2 } ?? false }

  private func writeMeanings(_ last: Int, to out: inout TextBuffer) {
    var row: [String] = []
    for level in levels where level >= last {
      guard let entry = step(level)?.entry else { continue }
      guard X86Fields.present.isSet(in: entry) else {
        return writeStop(after: row, entry, level, to: &out)
      }
      row.append(meaning(of: entry, level))
    }
    switch walk.result {
    case .mapped(let page) where page.level == 2: writeLarge(row, page, to: &out)
    case .mapped(let page) where page.level > 2: writeRow(to: &out, row + ["[\(sentence)]"])
    case .mapped: writeRow(to: &out, row)
    case .stopped:
      writeRow(to: &out, row)
      out.write("[\(sentence)]\n")
    }
  }

  private func meaning(of entry: UInt64, _ level: Int) -> String {
    "pfn \(padded(frame(of: entry, level), profile.frameWidth))  "
      + letters.modern(entry, level: level)
  }

  private func frame(of entry: UInt64, _ level: Int) -> UInt64 {
    switch paging.meaning(of: entry, level: level) {
    case .table(let place), .page(let place): place.frame
    case .reserved, .notPresent:
      (entry & (walk.mode == .x86 ? TwoLevelLayouts.frame : LongModeLayouts.frame).mask) / frameSize
    }
  }

  private func writeLarge(_ row: [String], _ page: Translation, to out: inout TextBuffer) {
    let frame = padded(page.address.frame, profile.largePageWidth)
    // The gap is wider than that between columns in 32-bit output.
    let gap = String(repeating: " ", count: max(0, profile.largePageGap - 2))
    writeRow(to: &out, row + ["\(gap)LARGE PAGE pfn \(frame)"])
  }

  /// Where an upper level is not valid, the debugger repeats its contents and breaks the line.
  private func writeStop(
    after row: [String], _ entry: UInt64, _ level: Int, to out: inout TextBuffer
  ) {
    if level > 1 {
      writeRow(to: &out, row + ["contains \(upper(entry, profile.entryDigits))"])
      out.write("not valid\n")
    } else {
      writeRow(to: &out, row + ["not valid"])
    }
    guard entry != 0 else { return }
    guard let decoder else {
      out.write("[--os names the kernel that would say what the entry means]\n")
      return
    }
    let software = WindbgSoftware(
      reading: decoder.reading(of: entry, level: level), digits: profile.addressDigits,
      published: level == 1 ? profile.published : [])
    for line in software.lines {
      out.spaces((levels.count - 1) * profile.column + 1)
      out.write(line)
      out.endLine()
    }
  }

  /// What decided, where the debugger's own words are not known.
  private var sentence: String {
    switch walk.result {
    case .mapped(let page):
      "a page of \(Wording.size(page.pageSize)), pfn \(String(page.address.frame, radix: 16))"
    case .stopped(let stop):
      switch stop.cause {
      case .notPresent: "\(walk.mode.entryName(stop.level)) is not valid"
      case .reservedBits(let bits):
        "\(walk.mode.entryName(stop.level)) has reserved \(Wording.bits(bits))"
      case .missing: "the image does not hold \(stop.entryAddress)"
      case .nonCanonical: "the address is not canonical"
      }
    }
  }

  /// A line of columns; the last is not padded.
  private func writeRow(to out: inout TextBuffer, _ columns: [String]) {
    guard !columns.isEmpty else { return }
    for (index, text) in columns.enumerated() {
      out.write(text)
      if index < columns.count - 1 { out.spaces(max(2, profile.column - text.utf8.count)) }
    }
    out.endLine()
  }

  private func upper(_ number: UInt64, _ digits: Int) -> String {
    let text = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  private func padded(_ frame: UInt64, _ width: Int) -> String {
    let text = String(frame, radix: 16)
    return text + String(repeating: " ", count: max(0, width - text.count))
  }
}
