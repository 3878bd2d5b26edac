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
      set(structure.directoryTableBase, of: record, to: process.root)
      set(structure.userDirectoryTableBase, of: record, to: process.userRoot)
      set(structure.uniqueProcessId, of: record, to: process.pid)
      // The last byte stays 0 where the name is cut off.
      let name = Array(process.name.utf8.prefix(structure.imageFileName.size - 1))
      store(name, at: record + structure.imageFileName.offset)
      let tree = VadTreeWriter(writer: self, plan: plan)
      let root = tree.write(process.vads)
      set(structure.vadTree, of: record, to: root)
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

/// Writes the descriptors of a process as a balanced tree.
private struct VadTreeWriter {
  let writer: KernelWriter
  let plan: KernelPlan

  /// XP has a pointer and nothing else where later kernels keep the balance in its lowest bits.
  private static let firstBuildWithBalance = 3790
  private static let balanceMask: UInt64 = 3

  /// Writes the tree of descriptors in ascending order; gives its topmost node, or 0.
  func write(_ vads: [KernelPlan.VadPlan]) -> UInt64 {
    guard let structure = writer.structures.vad else { return 0 }
    return write(vads[...], below: 0, structure).node
  }

  private func write(
    _ vads: ArraySlice<KernelPlan.VadPlan>, below parent: UInt64, _ structure: VADStructure
  ) -> (node: UInt64, height: Int) {
    guard !vads.isEmpty else { return (0, 0) }
    let middle = vads.startIndex + vads.count / 2
    let vad = vads[middle]
    let left = write(vads[..<middle], below: vad.address, structure)
    let right = write(vads[(middle + 1)...], below: vad.address, structure)
    // A balanced node has 0, one with a deeper left side -1, with a deeper right side 1.
    let balance = UInt64(bitPattern: Int64(right.height - left.height)) & Self.balanceMask
    let hasBalance = plan.windows.kernel.id.build >= Self.firstBuildWithBalance
    writer.set(structure.leftChild, of: vad.address, to: left.node)
    writer.set(structure.rightChild, of: vad.address, to: right.node)
    writer.set(structure.parent, of: vad.address, to: parent | (hasBalance ? balance : 0))
    write(vad, structure)
    return (vad.address, max(left.height, right.height) + 1)
  }

  private func write(_ vad: KernelPlan.VadPlan, _ structure: VADStructure) {
    let range = vad.statement.va.value
    let (first, last) = (range.lowerBound / frameSize, range.upperBound / frameSize)
    // Where the high bits have a byte of their own, the rest has four bytes.
    writer.set(structure.startingVpn, of: vad.address, to: first)
    writer.set(structure.endingVpn, of: vad.address, to: last)
    writer.set(structure.startingVpnHigh, of: vad.address, to: first >> 32)
    writer.set(structure.endingVpnHigh, of: vad.address, to: last >> 32)
    writer.set(structure.flags, of: vad.address, to: vad.words.flags)
    writer.set(structure.flags1, of: vad.address, to: vad.words.flags1)
    guard let name = vad.statement.section?.value, let section = plan.section(named: name) else {
      return
    }
    let page = vad.statement.page?.value ?? 0
    guard let part = section.part(ofPage: page) else { return }
    writer.set(structure.controlArea, of: vad.address, to: section.controlArea)
    writer.set(structure.subsection, of: vad.address, to: part.address)
    guard let base = part.base else { return }
    let size = writer.structures.entrySize
    let skipped = page - part.firstPage
    // Contiguous is what lies in this array, as far as the view goes.
    let count = min(part.pageCount - skipped, last - first + 1)
    writer.set(structure.firstPrototypePte, of: vad.address, to: base + skipped * size)
    writer.set(
      structure.lastContiguousPte, of: vad.address, to: base + (skipped + count - 1) * size)
  }
}
