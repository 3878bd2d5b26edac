import BitLayout
import LinuxMemory
import Machine
import Paging
import PhysicalMemory
public import Quiz

/// Writes exercises for people: the tables, the question, and the answer worked out.
public struct QuizText: Sendable {
  private let isSolved: Bool

  /// Prepares; `isSolved` adds the answer to each exercise.
  public init(isSolved: Bool) { self.isSolved = isSolved }

  /// Writes an exercise.
  public func write(_ exercise: Exercise, to out: inout TextBuffer) {
    out.write("Exercise \(exercise.number)", .bold)
    out.endLine()
    switch exercise.matter {
    case .toy(let machine, _): write(machine, to: &out)
    case .walk(let setting, _), .access(let setting, _): write(setting, to: &out)
    }
    out.endLine()
    out.write("  \(exercise.question)\n")
    for choice in exercise.choices { out.write("    \(choice.letter)  \(choice.text)\n") }
    guard isSolved else { return }
    out.endLine()
    out.write("  answer: ")
    out.write(exercise.answer.text, .green)
    if let chosen = exercise.choices.first(where: { String($0.letter) == exercise.answer.text }) {
      out.write("  \(chosen.text)")
    }
    out.endLine()
    solve(exercise, to: &out)
  }

  // MARK: - What is given

  private func write(_ machine: ToyMachine, to out: inout TextBuffer) {
    let geometry = machine.geometry
    out.write(
      "  virtual addresses of \(geometry.virtualBits) bits, physical ones of"
        + " \(geometry.physicalBits), pages of \(Wording.size(1 << geometry.pageBits))\n")
    out.write("  an entry of the page table: VALID in bit 31, the PFN in the bits below\n")
    for (page, entry) in machine.entries.enumerated() {
      out.write("    ")
      out.write("[\(UInt64(page).hex(digits: 2))]", .cyan)
      out.write("  ")
      out.hex(entry, digits: 8)
      out.endLine()
    }
  }

  private func write(_ setting: Exercise.Setting, to out: inout TextBuffer) {
    let paging = setting.machine.paging
    MachineHeader(setting.machine, registers: true).write(to: &out)
    for table in setting.tables {
      out.write("  ")
      out.write(paging.mode.tableName(table.level), .bold)
      out.write(" at \(table.address)")
      if !table.isInImage { out.write("  the dump does not hold it", .yellow) }
      out.endLine()
      for entry in table.entries {
        out.write("    ")
        out.write("[\(entry.index.hex(digits: 3))]", .cyan)
        out.write("  ")
        out.hex(entry.value, digits: paging.entrySize * 2)
        out.endLine()
      }
    }
    write(setting.machine.areas()?.list.areas ?? [], to: &out)
    guard !setting.prototypes.isEmpty else { return }
    out.write("  prototype entries", .bold)
    out.write(" of a section\n")
    for entry in setting.prototypes {
      out.write("    ")
      out.write("\(entry.address)", .cyan)
      out.write("  ")
      out.hex(entry.value, digits: paging.entrySize * 2)
      out.endLine()
    }
  }

  /// The areas of a Linux process, which decide with the entries.
  private func write(_ areas: [MemoryArea], to out: inout TextBuffer) {
    guard !areas.isEmpty else { return }
    out.write("  areas", .bold)
    out.write(" of the process\n")
    for area in areas {
      out.write("    ")
      out.write("\(VirtualAddress(area.start)) to \(VirtualAddress(area.end - 1))", .cyan)
      out.write("  \(area.permissions)\(AreaFacts(area).words)")
      out.endLine()
    }
  }

  // MARK: - How it is solved

  private func solve(_ exercise: Exercise, to out: inout TextBuffer) {
    switch exercise.matter {
    case .toy(let machine, let address): solve(address, on: machine, to: &out)
    case .walk(let setting, let walk):
      let paging = setting.machine.paging
      WalkText(paging).write(walk, to: &out)
      Explanation(walk, of: paging, in: setting.machine.memory).writeText(to: &out)
    case .access(let setting, let answer):
      AccessText(setting.machine.paging).write(answer, to: &out)
      Explanation(answer, in: setting.machine.memory).writeText(to: &out)
    }
    guard !exercise.remarks.isEmpty else { return }
    out.write("  what becomes of the PFN database\n")
    for remark in exercise.remarks {
      out.write("    ")
      out.write(remark.subject, .cyan)
      out.write("  \(remark.text)\n")
    }
  }

  private func solve(_ address: UInt64, on machine: ToyMachine, to out: inout TextBuffer) {
    let geometry = machine.geometry
    let page = machine.page(of: address)
    let entry = machine.entries[Int(page)]
    let (valid, frame) = (ToyMachine.Layout.valid, ToyMachine.Layout.frame)
    func line(_ subject: String, _ text: String) {
      out.write("    ")
      out.write(subject, .cyan, width: 8)
      out.write("\(text)\n")
    }
    let bits = "\(geometry.virtualBits - 1):\(geometry.pageBits)"
    line("VPN", "address bits \(bits) are \(page.hex): the entry is \(entry.hex(digits: 8))")
    line("VALID", "bit \(valid.low) of it is \(valid.value(in: entry))")
    guard let physical = machine.translate(address) else {
      return line("", "the page is not mapped: the access faults")
    }
    let offset = machine.offset(of: address)
    line("PFN", "bits \(frame.high):\(frame.low) of it are \(frame.value(in: entry).hex)")
    line("offset", "address bits \(geometry.pageBits - 1):0 are \(offset.hex)")
    line(
      "PA",
      "\(frame.value(in: entry).hex) << \(geometry.pageBits) | \(offset.hex) = \(physical.hex)")
  }
}
