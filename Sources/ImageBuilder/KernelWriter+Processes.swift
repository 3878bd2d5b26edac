import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The list of processes and their virtual address descriptors.
extension KernelWriter {
  /// A process, as its record is to say.
  struct Process {
    var record: UInt64
    var pid: UInt64
    var name: String
    var root: UInt64
    /// The second root; 1 where the kernel has such roots and the process has none.
    var userRoot: UInt64
    var vads: [KernelPlan.VadPlan]
    var isListed: Bool
    /// What only a skeleton has.
    var recognition = Recognition()
  }

  /// What programs without symbols recognise a record by.
  struct Recognition {
    var parent: UInt64 = 0
    var block: UInt64 = 0
    var handleTable: UInt64 = 0
    var imageName: UInt64 = 0
  }

  /// The exit status of a process that runs: STATUS_PENDING.
  private static let pending: UInt64 = 0x103

  func write(_ processes: [Process], head: UInt64, _ plan: KernelPlan) {
    guard let structure = structures.process else { return }
    for process in processes {
      let record = process.record
      let root = write(process.vads, plan)
      set(
        structure.values(
          pid: process.pid, root: process.root, userRoot: process.userRoot,
          vadRoot: root), of: record)
      // The last byte stays 0 where the name is cut off.
      let name = Array(process.name.utf8.prefix(structure.imageFileName.size - 1))
      store(name, at: record + structure.imageFileName.offset)
      set(structure.vadHint, of: record, to: root)
      set(
        structure.vadCount, of: record,
        to: UInt64(process.vads.count) << structure.vadCountShift)
      // The table counts as a node, whose parent is itself.
      if let table = structure.vadTable {
        store(pointer: record + table.offset, at: record + table.offset)
      }
      set(structure.exitStatus, of: record, to: Self.pending)
      set(structure.inheritedFromUniqueProcessId, of: record, to: process.recognition.parent)
      set(structure.peb, of: record, to: process.recognition.block)
      set(structure.objectTable, of: record, to: process.recognition.handleTable)
      set(structure.imageName, of: record, to: process.recognition.imageName)
      if !process.isListed { link([record + structure.activeProcessLinks.offset]) }
    }
    let listed = processes.filter(\.isListed).map(\.record) + (plan.skeleton?.ended ?? [])
    link([head] + listed.map { $0 + structure.activeProcessLinks.offset })
  }

  /// Makes a ring of list entries: each leads to the next and to the one before.
  private func link(_ entries: [UInt64]) {
    for (index, entry) in entries.enumerated() {
      let next = entries[(index + 1) % entries.count]
      let previous = entries[(index + entries.count - 1) % entries.count]
      store(pointer: next, at: entry)
      store(pointer: previous, at: entry + UInt64(structures.pointerSize))
    }
  }
}

/// The descriptors of a process as a balanced tree.
extension KernelWriter {
  /// Writes the tree of descriptors in ascending order; gives its topmost node, or 0.
  private func write(_ vads: [KernelPlan.VadPlan], _ plan: KernelPlan) -> UInt64 {
    guard let structure = structures.vad else { return 0 }
    let tree = BalancedTree(count: vads.count)
    let addresses = vads.map(\.address)
    for (vad, node) in zip(vads, tree.nodes) {
      set(structure.links(node, of: addresses, plan.windows.kernel), of: vad.address)
      set(structure.values(content(of: vad, plan)), of: vad.address)
    }
    return tree.root.map { addresses[$0] } ?? 0
  }

  private func content(of vad: KernelPlan.VadPlan, _ plan: KernelPlan) -> VADContent {
    let range = vad.statement.va.value
    let (first, last) = (range.lowerBound / frameSize, range.upperBound / frameSize)
    var content = VADContent(pages: first...last, words: vad.words)
    guard let name = vad.statement.section?.value, let section = plan.section(named: name) else {
      return content
    }
    let page = vad.statement.page?.value ?? 0
    guard let part = section.part(ofPage: page) else { return content }
    let skipped = page - part.firstPage
    // Contiguous is what lies in this array, as far as the view goes.
    let count = min(part.pageCount - skipped, last - first + 1)
    let size = structures.entrySize
    content.view = VADContent.View(
      controlArea: section.controlArea, subsection: part.address,
      prototypes: part.base.map { base in
        (base + skipped * size, base + (skipped + count - 1) * size)
      })
    return content
  }
}
