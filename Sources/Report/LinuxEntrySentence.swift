import LinuxMemory
import Paging
import PhysicalMemory

/// The words for what an entry means to Linux.
struct LinuxEntrySentence {
  let reading: LinuxEntryReading
  let state: LinuxEntryReading.State
  let level: Int
  /// Whether the processor uses the entry.
  let isPresentForProcessor: Bool
  let mode: PagingMode

  private var page: String { level > 1 ? "huge page" : "page" }
  private var frame: String { reading.frame.map { "\($0)" } ?? "an address that is not known" }
  private var swapFrame: String { reading.swapFrame?.hex ?? "?" }

  /// What becomes of the page.
  var words: String {
    switch state {
    case .none:
      return
        "none: nothing is here; a page of a file that was not touched, a page of zeros still to"
        + " come, or no area at all"
    case .swap:
      return "swapped out: page \(reading.swapOffset?.hex ?? "?") of swap area"
        + " \(reading.swapType ?? 0)"
    case .migration: return "on its way: frame \(swapFrame) is being moved; an access waits"
    case .hwpoison:
      return "hwpoison: the memory of frame \(swapFrame) is broken; an access gets SIGBUS"
    case .device: return "in the memory of a device, frame \(swapFrame) there"
    case .marker: return "a marker: no page, but something to remember"
    case .protnone:
      return "present for the kernel, without access rights: the \(page) is at \(frame)"
    case .numaHint: return "present; the next access tells where the \(page) at \(frame) is used"
    case .zeroPage:
      return "the page of zeros that all share, or a frame of a VM_PFNMAP area: special, read-only"
    case .file: return "a \(page) of a file, at \(frame)"
    case .anonymous: return "a \(page) of its own, at \(frame)"
    case .present: return "present: the \(page) is at \(frame); the area says whose it is"
    case .invalidated: return "a \(page) that is being split or moved, at \(frame)"
    case .table: return "a table of entries"
    }
  }

  var style: TextStyle {
    switch state {
    case .hwpoison: .red
    case .zeroPage, .file, .anonymous, .present, .table: .green
    case .none, .swap, .migration, .device, .marker, .protnone, .numaHint, .invalidated: .yellow
    }
  }

  /// What else the entry says, a line each.
  var details: [String] {
    var lines: [String] = []
    let facts = LinuxEntryFacts(reading).words
    if !facts.isEmpty { lines.append(facts.joined(separator: ", ")) }
    if reading.isPresent, state != .table {
      let rights = [
        (reading.isWritable, "writable", "write-protected"), (reading.isYoung, "young", "old"),
        (reading.isDirty, "dirty", "clean"),
      ]
      lines.append("to the kernel: " + rights.map { $0.0 ? $0.1 : $0.2 }.joined(separator: ", "))
    }
    if state == .protnone {
      lines.append(
        "an access faults: SIGSEGV where the area allows none (PROT_NONE), else a NUMA hint"
          + " (do_numa_page)")
    }
    return lines
  }
}
