public import Machine
import Paging
import PhysicalMemory
public import Simulator
import WindowsMemory

/// The steps of a timeline as a session of the kernel debugger: `!pte`, `!pfn`, `!db` and `db`.
public struct WindbgTimeline: Sendable {
  private static let prompt = "1: kd> "
  /// The bytes that `db` shows.
  private static let byteCount: UInt64 = 128

  /// Prepares to write a session.
  public init() {}

  /// Writes what the debugger shows of the machine as it is after a step.
  public func write(_ report: StepReport, _ machine: Machine, to out: inout TextBuffer) {
    out.write("* \(report.title)\n")
    guard let system = machine.system.windows else { return }
    let isAccess = report.accesses > 0 || !report.faults.isEmpty
    if let address = report.address?.rawValue, isAccess || report.isAboutFirstPage {
      let page = address / frameSize * frameSize
      let space = machine.addressSpaces.first { $0.pid == report.pid }
      let walk = writeEntries(of: page, space, machine, to: &out)
      if isAccess { writeContent(of: page, walk, report, machine, system, to: &out) }
      return
    }
    let entries = report.pageEntries
    let spaces = Dictionary(
      machine.addressSpaces.compactMap { space in space.process.map { ($0, space) } },
      uniquingKeysWith: { first, _ in first })
    list(entries, "pages", to: &out) { entry, out in
      if entry.process != report.process { out.write("* of \(entry.process)\n") }
      _ = writeEntries(of: entry.address.rawValue, spaces[entry.process], machine, to: &out)
    }
    guard report.address == nil else { return }
    if !entries.isEmpty, !report.frames.isEmpty { out.endLine() }
    let database = machine.classifier(in: nil)?.pfnDatabase
    list(report.frames, "frames", to: &out) { frame, out in
      guard let entry = try? database?.entry(of: frame.number) else { return }
      write(entry, system, to: &out)
    }
  }

  /// More pages, or frames, than this are counted.
  private static let limit = 8

  private func list<Item>(
    _ items: [Item], _ name: String, to out: inout TextBuffer,
    _ body: (Item, inout TextBuffer) -> Void
  ) {
    for (index, item) in items.prefix(Self.limit).enumerated() {
      if index > 0 { out.endLine() }
      body(item, &out)
    }
    if items.count > Self.limit { out.write("* and \(items.count - Self.limit) \(name) more\n") }
  }

  /// `!pte`.
  private func writeEntries(
    of page: UInt64, _ space: AddressSpace?, _ machine: Machine, to out: inout TextBuffer
  ) -> Walk {
    out.write("\(Self.prompt)!pte \(page.hex(digits: 8))\n")
    let walk = machine.walk(VirtualAddress(page), in: space)
    WindbgStyle(machine).write(walk, space.map(machine.paging(of:)) ?? machine.paging, to: &out)
    return walk
  }

  /// `!pfn`.
  private func write(_ entry: PFNEntry, _ system: WindowsSystem, to out: inout TextBuffer) {
    out.write("\(Self.prompt)!pfn \(String(entry.pfn, radix: 16))\n")
    WindbgFrame(entry: entry, kernel: system.kernel).write(to: &out)
  }

  /// What is in a page that was touched, and what the kernel keeps of its frame.
  private func writeContent(
    of page: UInt64, _ walk: Walk, _ report: StepReport, _ machine: Machine,
    _ system: WindowsSystem, to out: inout TextBuffer
  ) {
    let digits = system.kernel.format.isThirtyTwoBit ? 8 : 16
    guard let translation = walk.result.translation else {
      // What is before the page is shown too: the debugger reads it, and then no more.
      let before = page == 0 ? nil : page - frameSize
      let text = before.map { "\($0.hex(digits: 8))+0xff0" } ?? page.hex(digits: 8)
      out.write("\n\(Self.prompt)db \(text)\n")
      let start = before.map { $0 + 0xff0 } ?? page
      return write(start, isPhysical: false, digits, report, machine, to: &out)
    }
    let frame = translation.address.frame
    let space = machine.addressSpaces.first { $0.pid == report.pid }
    if report.frames.contains(where: { $0.number == frame }),
      let entry = try? machine.classifier(in: space)?.pfnDatabase?.entry(of: frame)
    {
      out.endLine()
      write(entry, system, to: &out)
    }
    let physical = frame * frameSize
    out.write("\n\(Self.prompt)!db \(String(physical, radix: 16))\n")
    write(physical, isPhysical: true, digits, report, machine, to: &out)
    out.write("\n\(Self.prompt)db \(page.hex(digits: 8))\n")
    write(page, isPhysical: false, digits, report, machine, to: &out)
  }

  private func write(
    _ start: UInt64, isPhysical: Bool, _ digits: Int, _ report: StepReport, _ machine: Machine,
    to out: inout TextBuffer
  ) {
    let space = machine.addressSpaces.first { $0.pid == report.pid }
    for line in stride(from: start, to: start + Self.byteCount, by: 16) {
      let bytes = (0..<16 as Range<UInt64>).map { offset -> UInt8? in
        let address = line + offset
        if isPhysical { return machine.memory.load(UInt8.self, at: PhysicalAddress(address)) }
        return machine.walk(VirtualAddress(address), in: space).result.translation.flatMap {
          machine.memory.load(UInt8.self, at: $0.address)
        }
      }
      out.write(isPhysical ? "#" : "")
      // The debugger parts 64-bit addresses in the middle; that of `!db` is as long as it is.
      let text = digits == 16 && !isPhysical ? parted(line) : bare(line, 8)
      out.write("\(text) \(isPhysical ? "" : " ")")
      for (index, byte) in bytes.enumerated() {
        if index > 0 { out.write(index == 8 ? "-" : " ") }
        out.write(byte.map { bare(UInt64($0), 2) } ?? "??")
      }
      out.write(isPhysical ? " " : "  ")
      out.write(String(bytes.map(character)))
      out.endLine()
    }
  }

  private func character(_ byte: UInt8?) -> Character {
    guard let byte else { return "?" }
    return (0x20...0x7e).contains(byte) ? Character(UnicodeScalar(byte)) : "."
  }

  private func bare(_ number: UInt64, _ digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  private func parted(_ number: UInt64) -> String {
    "\(bare(number >> 32, 8))`\(bare(number & 0xffff_ffff, 8))"
  }
}

extension StepReport {
  /// The entries of pages of processes that the step changed.
  fileprivate var pageEntries: [ChangedEntry] {
    changes.entries.filter { $0.level == 1 && !$0.isPrototype && !$0.process.isEmpty }
  }

  /// Whether the first page of the step's range is among those that it changed, or it changed none.
  fileprivate var isAboutFirstPage: Bool {
    let (pages, first) = (pageEntries, (address?.rawValue ?? 0) / frameSize)
    return pages.isEmpty
      || pages.contains { $0.process == process && $0.address.rawValue / frameSize == first }
  }
}
