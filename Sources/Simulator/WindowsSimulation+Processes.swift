import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Processes, their records and the descriptors of their addresses.
extension WindowsSimulation {
  func startProcess(
    _ name: String, pid: UInt64, root: UInt64?, firstIndex: UInt64?
  ) throws(StepFailure) {
    guard processes[pid: pid] == nil else {
      throw .mistake(.duplicateItem, "pid \(pid) is already taken", notes: [])
    }
    let register = try makeRoot(root ?? 0, slot: selfMap?.slot ?? 0, owner: name)
    do throws(StepFailure) {
      try makeProcess(name, pid: pid, register: register, firstIndex: firstIndex)
    } catch {
      releaseRoot(rooted(register).root.rawValue)
      throw error
    }
  }

  func makeProcess(
    _ name: String, pid: UInt64, register: UInt64, firstIndex: UInt64?
  ) throws(StepFailure) {
    guard let structure = structures.process else { return }
    let record = try take(structure.size)
    let process = WindowsProcessState(
      name: name, pid: pid, root: register, record: record, firstIndex: firstIndex)
    processes.append(process)
    let text = Array(name.utf8.prefix(structure.imageFileName.size - 1))
    for (offset, byte) in text.enumerated() {
      storeKernel(
        UInt64(byte), at: record + structure.imageFileName.offset + UInt64(offset), size: 1)
    }
    storeKernel(
      structure.values(pid: pid, root: register, userRoot: 0, vadRoot: 0), of: record)
    let links = record + structure.activeProcessLinks.offset
    link(loadPointer(at: listHead + UInt64(structures.pointerSize)), to: links)
    link(links, to: listHead)
  }

  /// Makes two entries of a ring neighbours.
  private func link(_ entry: UInt64, to next: UInt64) {
    storeKernel(next, at: entry, size: structures.pointerSize)
    storeKernel(entry, at: next + UInt64(structures.pointerSize), size: structures.pointerSize)
  }

  /// Takes the record of a process out of the ring.
  private func unlink(_ process: WindowsProcessState) {
    guard let links = structures.process?.activeProcessLinks else { return }
    let entry = process.record + links.offset
    link(
      loadPointer(at: entry + UInt64(structures.pointerSize)), to: loadPointer(at: entry))
  }

  /// The process ends: all that it has goes back.
  func exit(_ process: WindowsProcessState) throws(StepFailure) {
    guard process.pid != Self.systemPID else { throw .mistake("the System process does not end") }
    for range in process.ranges.reversed() { try release(range, of: process) }
    process.ranges = RangeTree()
    try releaseSharedData(of: process)
    let base = paging(of: process).root.rawValue
    processes.remove(process)
    unlink(process)
    releaseRoot(base)
    if let size = structures.process?.size { pool.give(process.record, size) }
  }

  // MARK: - Descriptors

  /// A descriptor has come or gone: those are written whose place in the tree has changed with it.
  private func writeLinks(of process: WindowsProcessState) {
    guard let structure = structures.vad else { return }
    let ranges = process.ranges
    func address(_ node: Int?) -> UInt64 { node.map { ranges[$0].address } ?? 0 }
    for node in ranges.relinked {
      let links = ranges.links(of: node)
      let values = structure.links(
        left: address(links.left), right: address(links.right), parent: address(links.parent),
        balance: links.balance, kernel)
      storeKernel(values, of: ranges[node].address)
    }
    process.knownFault = nil
    let root = address(ranges.root)
    guard root != process.vadRoot else { return }
    process.vadRoot = root
    if let member = structures.process?.vadTree {
      storeKernel(root, at: process.record + member.offset, size: member.size)
    }
    process.classifier = nil
  }

  /// Writes what a descriptor says.
  func write(_ range: AddressRange) throws(StepFailure) {
    guard let structure = structures.vad,
      let words = VADWords(
        kernel, range.kind, range.protection, isPrivate: range.isPrivate,
        committedPages: range.isCommitted ? range.charge : nil)
    else {
      throw .mistake(
        .notForSystem, "VADs of \(kernel.id) have no way to say this kind of memory", notes: [])
    }
    var content = VADContent(pages: range.pages, words: words)
    if let (section, page) = range.view, let part = section.part(ofPage: page) {
      let skipped = page - part.first
      let count = min(part.count - skipped, UInt64(range.pages.count))
      let size = structures.entrySize
      content.view = VADContent.View(
        controlArea: section.controlArea, subsection: part.address,
        prototypes: (part.base + skipped * size, part.base + (skipped + count - 1) * size))
    }
    storeKernel(structure.values(content), of: range.address)
  }

  /// Adds a range of addresses; a status where they are taken.
  func add(_ range: AddressRange, to process: WindowsProcessState) throws(StepFailure) {
    guard process.hasRoom(for: range.pages) else { throw .status(.conflictingAddresses) }
    var range = range
    guard let structure = structures.vad else { return }
    range.address = try take(range.isPrivate ? structure.shortSize : structure.size)
    try write(range)
    process.ranges.insert(range)
    writeLinks(of: process)
  }

  /// Removes a range of addresses, whose pages are gone.
  func remove(_ index: Int, of process: WindowsProcessState) {
    let range = process.ranges.remove(index)
    // The thread goes with its stack.
    if process.stack?.allocationBase.rawValue == range.pages.lowerBound * frameSize {
      process.stack = nil
    }
    if let structure = structures.vad {
      pool.give(range.address, range.isPrivate ? structure.shortSize : structure.size)
    }
    writeLinks(of: process)
  }

  /// What the kernel's classifier says about pages of a process.
  func classifier(of process: WindowsProcessState) -> PageClassifier {
    if let known = process.classifier { return known }
    var record = WindowsProcess(
      record: VirtualAddress(process.record), pid: process.pid, name: process.name,
      directoryTableBase: process.root,
      vadRoot: process.vadRoot == 0 ? nil : VirtualAddress(process.vadRoot))
    record.stack = process.stack ?? ThreadStack.none
    let classifier = PageClassifier(system, memory.image, paging(of: process), process: record)
    process.classifier = classifier
    return classifier
  }

  // MARK: - Results

  /// The machine as it is now.
  var machine: Machine {
    let touched = frames.records.all.map(\.key).filter { memory.has($0) }
    var machine = Machine(
      memory: memory.image(touched: touched),
      paging: (firstProgram ?? processes.first).map(paging(of:)) ?? state,
      addressSpaces: (Array(processes.dropFirst()) + processes.prefix(1)).map {
        AddressSpace(register: $0.root, pid: $0.pid, process: $0.name, foundBy: "scenario")
      },
      system: .windows(system), format: Machine.scenarioFormat,
      size: (memory.installed.last.map { $0.upperBound + 1 } ?? 0) * frameSize)
    machine.readProcesses()
    // Of threads nothing is in memory.
    let stacks = Dictionary(processes.map { ($0.root, $0.stack) }) { first, _ in first }
    for index in machine.addressSpaces.indices {
      let stack = stacks[machine.addressSpaces[index].register] ?? nil
      machine.addressSpaces[index].record?.stack = stack ?? ThreadStack.none
    }
    return machine
  }
}
