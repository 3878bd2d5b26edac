import BitLayout
import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// A walk as the `!pte` of Windows NT 4 and 2000 wrote it, which one published output shows.
struct WindbgOldWalk {
  let walk: Walk
  let letters: WindbgLetters

  func write(to out: inout TextBuffer) {
    let selfMap = SelfMap.fixed(.x86)
    func place(_ level: Int) -> String {
      upper(selfMap?.address(of: walk.address, level: level)?.rawValue ?? 0)
    }
    out.write("\(upper(walk.address.rawValue))  - PDE at \(place(2))        PTE at \(place(1))\n")
    out.write("          contains ")
    out.write(contents(2) + "      contains " + contents(1))
    out.write("\n        ")
    out.write([meaning(2), meaning(1)].compactMap(\.self).joined(separator: "    "))
    out.endLine()
  }

  private func step(_ level: Int) -> WalkStep? { walk.steps.first { $0.level == level } }

  private func contents(_ level: Int) -> String {
    guard let step = step(level) else { return "[\(absence)]" }
    return step.entry.map(upper) ?? "[not in the image]"
  }

  /// Why the walk came to no PTE.
  private var absence: String {
    switch walk.result {
    case .mapped(let page): "none in a page of \(Wording.size(page.pageSize))"
    case .stopped(let stop):
      if case .missing = stop.cause { "not known" } else { "no page table" }
    }
  }

  /// What an entry means; nil where there is none.
  private func meaning(_ level: Int) -> String? {
    guard let step = step(level) else { return nil }
    guard let entry = step.entry else { return "[unknown]" }
    guard X86Fields.present.isSet(in: entry) else { return "[not valid]" }
    let frame = (entry & TwoLevelLayouts.frame.mask) / frameSize
    return "pfn \(String(frame, radix: 16)) \(letters.old(entry, level: level))"
  }

  private func upper(_ number: UInt64) -> String {
    let text = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 8 - text.count)) + text
  }
}
