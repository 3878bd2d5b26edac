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
    out.write(meaning(2) + "    " + meaning(1))
    out.endLine()
  }

  private func entry(_ level: Int) -> UInt64? {
    walk.steps.first { $0.level == level }?.entry
  }

  private func contents(_ level: Int) -> String {
    entry(level).map(upper) ?? "[not in the image]"
  }

  private func meaning(_ level: Int) -> String {
    guard let entry = entry(level) else { return "[unknown]" }
    guard X86Fields.present.isSet(in: entry) else { return "[not valid]" }
    let frame = (entry & TwoLevelLayouts.frame.mask) / frameSize
    return "pfn \(String(frame, radix: 16)) \(letters.old(entry, level: level))"
  }

  private func upper(_ number: UInt64) -> String {
    let text = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 8 - text.count)) + text
  }
}
