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
    guard let address = report.address?.rawValue, let system = machine.system.windows else {
      return out.write("* \(report.title)\n")
    }
    out.write("* \(report.title)\n")
    let page = address / frameSize * frameSize
    let digits = system.kernel.format == .x64 ? 16 : 8
    out.write("\(Self.prompt)!pte \(page.hex(digits: 8))\n")
    let space = machine.addressSpaces.first { $0.pid == report.pid }
    let walk = machine.walk(VirtualAddress(page), in: space)
    WindbgStyle(machine).write(walk, space.map(machine.paging(of:)) ?? machine.paging, to: &out)
    guard report.accesses > 0 || !report.faults.isEmpty else { return }
    guard let translation = walk.result.translation else {
      // What is before the page is shown too: the debugger reads it, and then no more.
      let start = page - 16
      out.write("\n\(Self.prompt)db \(page.hex(digits: 8))-0x10\n")
      return write(start, isPhysical: false, digits, report, machine, to: &out)
    }
    let frame = translation.address.frame
    if report.frames.contains(where: { $0.number == frame }),
      let entry = try? machine.classifier(in: space)?.pfnDatabase?.entry(of: frame)
    {
      out.write("\n\(Self.prompt)!pfn \(String(frame, radix: 16))\n")
      WindbgFrame(entry: entry, kernel: system.kernel).write(to: &out)
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
