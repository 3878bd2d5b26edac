import Paging
import WindowsMemory

/// A timeline with something of everything, for any kernel of the table of layouts.
struct EveryKernelTimeline {
  let kernel: WindowsKernel

  /// The kernels of the table with the modes that timelines know.
  static var kernels: [(id: WindowsKernelID, mode: PagingMode)] {
    let modes: [(WindowsEntryFormat, PagingMode)] = [
      (.x86, .x86), (.pae, .pae), (.x64, .x86_64), (.arm64, .arm64),
    ]
    return modes.flatMap { format, mode in
      WindowsKernel.identifiers(of: format).map { ($0, mode) }
    }
  }

  /// Windows combines pages from Windows 8 on.
  var combines: Bool { kernel.id.build >= 9200 }
  /// From Windows 10 on a page file may be a store of compressed pages.
  var hasStore: Bool { kernel.id.build >= 10240 }

  func text(_ mode: PagingMode) -> String {
    // Where invalid entries have a mask, it is in every one that the timeline makes.
    let mask = kernel.hasSwizzleBit ? "invalid-mask: 0x2000_0000_0000, " : ""
    let store = hasStore ? ", { number: 2, store: true, size: 1 MiB }" : ""
    let steps = Self.private + (hasStore ? Self.compressed : []) + Self.views
    return """
      mmubench: 1
      scenario: every-kernel
      title: Something of everything
      source: the test
      machine: { mode: \(mode.rawValue), memory: 4 MiB, os: \(kernel.id) }
      golden: false
      windows: { \(mask)page-files: [{ number: 1, size: 1 MiB }\(store)] }
      processes: [{ name: a.exe, pid: 100 }, { name: b.exe, pid: 200 }]
      timeline:

      """ + (steps + (combines ? Self.combined : []) + Self.end).map { "  - \($0)\n" }.joined()
  }

  /// A private page from the reservation to the page file and back.
  private static let `private` = [
    "{ reserve: 0x1f_0000..0x1f_ffff, expect: [{ walk: 0x1f_0000, outcome: not-present }] }",
    "{ write: 0x1f_0000, status: STATUS_ACCESS_VIOLATION }",
    "{ commit: 0x1f_0000..0x1f_5fff, protection: READWRITE, expect: [{ pte: 0x1f_0000, state: demand-zero }] }",
    "{ write: 0x1f_0000..0x1f_3fff, fill: 0x77 }",
    "{ protect: 0x1f_1000..0x1f_1fff, protection: READONLY }",
    "{ write: 0x1f_1000, status: STATUS_ACCESS_VIOLATION }",
    "{ protect: 0x1f_2000..0x1f_2fff, protection: [GUARD, READWRITE] }",
    "{ read: 0x1f_2000, status: STATUS_GUARD_PAGE_VIOLATION }",
    "{ read: 0x1f_2000 }",
    "{ trim: all, expect: [{ pte: 0x1f_0000, state: transition }] }",
    "{ read: 0x1f_3000, faults: [STATUS_PAGE_FAULT_TRANSITION] }",
    "{ write-modified: all }",
    "{ repurpose: all, expect: [{ pte: 0x1f_0000, state: page-file, page-file: 1 }] }",
    "{ read: 0x1f_0000, faults: [STATUS_PAGE_FAULT_PAGING_FILE] }",
    "{ decommit: 0x1f_0000..0x1f_0fff, expect: [{ pte: 0x1f_0000, state: decommitted }] }",
    "{ stack: 0x18_0000..0x18_ffff, committed: 2 }",
    "{ write: 0x18_f000 }",
  ]

  private static let compressed = [
    "{ write: 0x1f_4000 }", "{ trim: all }", "{ compress: all }",
    "{ repurpose: all, expect: [{ pte: 0x1f_4000, state: virtual-store }] }",
    "{ read: 0x1f_4000 }",
  ]

  /// Sections of the page file and of a file, each with two views, and pages that part on a write.
  private static let views = [
    "{ create-section: shared, kind: page-file, pages: 4 }",
    "{ create-section: data, kind: file, pages: 4, protection: READWRITE }",
    "{ create-section: code, kind: image, pages: 4, protection: EXECUTE_WRITECOPY }",
    "{ map-view: 0x30_0000..0x30_3fff, section: shared, protection: READWRITE }",
    "{ map-view: 0x30_0000..0x30_3fff, section: shared, protection: READONLY, process: b.exe }",
    "{ map-view: 0x40_0000..0x40_3fff, section: data, protection: READWRITE }",
    "{ map-view: 0x40_0000..0x40_3fff, section: data, protection: WRITECOPY, process: b.exe }",
    "{ map-view: 0x50_0000..0x50_3fff, section: code, protection: EXECUTE_WRITECOPY }",
    "{ write: 0x30_0000..0x30_2fff, fill: 0x11 }",
    "{ read: 0x30_0000, process: b.exe, expect: [{ pte: 0x30_0000, process: 200, state: valid }] }",
    "{ write: 0x30_0000, process: b.exe, status: STATUS_ACCESS_VIOLATION }",
    "{ read: 0x40_0000, faults: [STATUS_PAGE_FAULT_PAGING_FILE] }",
    "{ write: 0x40_1000 }",
    "{ read: 0x40_1000, process: b.exe }",
    "{ write: 0x40_1000, process: b.exe, faults: [STATUS_PAGE_FAULT_COPY_ON_WRITE] }",
    "{ read: 0x50_0000 }",
    "{ write: 0x50_0000, faults: [STATUS_PAGE_FAULT_COPY_ON_WRITE] }",
    "{ trim: all }", "{ trim: all, process: b.exe }",
    "{ read: 0x30_0000, process: b.exe, faults: [STATUS_PAGE_FAULT_TRANSITION] }",
    "{ trim: all }", "{ trim: all, process: b.exe }",
    "{ write-modified: all }",
    "{ repurpose: all }",
    "{ read: 0x30_1000, faults: [STATUS_PAGE_FAULT_PAGING_FILE] }",
    "{ read: 0x40_0000..0x40_1fff }",
    "{ read: 0x40_1000, process: b.exe }",
    "{ unmap-view: 0x40_0000, process: b.exe }",
  ]

  /// A page that two processes have in common leads there after it was trimmed.
  private static let combined = [
    "{ reserve: 0x60_0000..0x60_ffff, commit: true }",
    "{ reserve: 0x60_0000..0x60_ffff, commit: true, process: b.exe }",
    "{ write: 0x60_0000, fill: 0x55 }",
    "{ write: 0x60_0000, fill: 0x55, process: b.exe }",
    "{ combine: all }",
    "{ trim: all, expect: [{ pte: 0x60_0000, process: 100, state: prototype }] }",
    "{ trim: all, process: b.exe, expect: [{ pte: 0x60_0000, process: 200, state: prototype }] }",
    "{ read: 0x60_0000, process: b.exe, faults: [STATUS_PAGE_FAULT_TRANSITION] }",
    "{ write: 0x60_0000, process: b.exe, faults: [STATUS_PAGE_FAULT_COPY_ON_WRITE] }",
    "{ trim: all }", "{ trim: all, process: b.exe }", "{ write-modified: all }",
    "{ repurpose: all }",
    "{ read: 0x60_0000, faults: [STATUS_PAGE_FAULT_PAGING_FILE] }",
  ]

  private static let end = [
    "{ create-process: c.exe, pid: 300 }", "{ exit: true, process: b.exe }",
    "{ free: 0x1f_0000 }", "{ exit: true }",
  ]
}
