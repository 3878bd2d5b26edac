import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Writing the kernel's structures, when all else is written.
extension ImageAssembly {
  /// Writes the kernel's structures, and gives all address spaces the kernel half.
  func writeKernel() {
    guard let kernel = plan.kernel, collector.isEmpty else { return }
    collector.collect { () throws(Diagnostic) in
      for space in plan.spaces.indices
      where space != kernel.systemSpace && plan.spaces[space].shadowOf == nil {
        let shares = try tables.copyKernelHalf(
          from: kernel.systemSpace, to: space, for: kernel.mark)
        for share in shares { record.add(share) }
      }
      let map = try mapTables(kernel)
      for (shadow, space) in plan.spaces.enumerated() {
        guard let owner = space.shadowOf else { continue }
        for share in try tables.copyUserHalf(from: owner, to: shadow, for: kernel.mark) {
          record.add(share)
        }
      }
      try write(kernel, map)
    }
  }

  /// Makes the tables of every address space pages of its kernel half, all at the same addresses.
  private func mapTables(_ kernel: KernelPlan) throws(Diagnostic) -> SelfMap {
    let said = plan.scenarioSelfMap
    let slot =
      said?.value
      ?? SelfMap.fixed(kernel.windows.kernel).map { UInt64($0.slot) }
      ?? tables.freeSlot(seed: plan.selfMapSeed) ?? 0
    var done: Set<UInt64> = []
    for (space, statement) in plan.spaces.enumerated()
    where statement.shadowOf == nil && statement.layout.selfMapSlot == nil {
      guard done.insert(tables.kernelRoot(of: space).base).inserted else { continue }
      let mark = said?.mark ?? kernel.mark
      for edited in try tables.mapTables(slot: Located(slot, at: mark), space: space) {
        record.add(edited, because: .selfMap)
      }
    }
    return SelfMap(tables.upperRoots.isEmpty ? state : state.of(.upper), slot: Int(slot))
  }

  private func write(_ kernel: KernelPlan, _ map: SelfMap) throws(Diagnostic) {
    let rules = plan.kernelMappings.map { plan.mappings[kernel.systemSpace][$0].rule }
    let writer = KernelWriter(tables.bytes, rules, kernel.structures)
    for section in kernel.sections { try writer.write(section, fileObject: kernel.fileObject) }
    writer.write(processes(kernel), head: kernel.listHead, kernel)
    writeSkeleton(kernel, writer)
    guard kernel.databaseCount > 0 else { return }
    var census = FrameCensus(tables, kernel.windows, map, limit: kernel.databaseCount)
    census.countTables()
    census.count(
      kernel.sections, entrySize: kernel.structures.entrySize, place: writer.place)
    writer.writeDatabase(census.complete, kernel)
  }

  private func processes(_ kernel: KernelPlan) -> [KernelWriter.Process] {
    // The list has the processes in the order of their making.
    let first = kernel.skeleton?.first ?? []
    let order = first + plan.spaces.indices.filter { !first.contains($0) }
    return order.compactMap { index in
      let space = plan.spaces[index]
      guard let record = kernel.records[index] else { return nil }
      let shadow = plan.spaces.firstIndex { $0.shadowOf == index }
      let hasShadows = plan.spaces.contains { $0.shadowOf != nil }
      // What Windows calls a root: 1 says that the process has no second one.
      let userRoot = shadow.map { plan.registers[$0] } ?? (hasShadows ? 1 : 0)
      return KernelWriter.Process(
        record: record, pid: space.pid?.value ?? 0, name: space.name?.value ?? "",
        root: space.recordedRoot ?? plan.registers[index], userRoot: userRoot,
        vads: kernel.vads[index], isListed: space.isListed,
        recognition: kernel.skeleton.map { recognition($0, index) } ?? .init())
    }
  }

  // MARK: - Skeleton

  private func recognition(_ skeleton: SkeletonPlan, _ index: Int) -> KernelWriter.Recognition {
    let isSystem = plan.spaces[index].pid?.value == Self.systemPid
    return KernelWriter.Recognition(
      parent: isSystem ? 0 : Self.systemPid, block: skeleton.blocks[index] ?? 0,
      handleTable: skeleton.handleTables[index] ?? 0,
      imageName: skeleton.imageNames[index] ?? 0)
  }

  private static let systemPid: UInt64 = 4

  private func writeSkeleton(_ kernel: KernelPlan, _ writer: KernelWriter) {
    guard let skeleton = kernel.skeleton else { return }
    writer.write(skeleton, system: kernel.records[kernel.systemSpace] ?? 0)
    writer.writeHeaders(of: kernel.blocks)
    for (index, space) in plan.spaces.enumerated() {
      if let address = skeleton.imageNames[index], let name = skeleton.imageName(of: space, index) {
        writer.writeImageName(name, at: address)
      }
      guard let block = skeleton.blocks[index] else { continue }
      // Of spaces with one root, the first has the page.
      let owner = plan.registers.firstIndex(of: plan.registers[index]) ?? index
      let rules = plan.mappings[owner].map(\.rule)
      KernelWriter(tables.bytes, rules, kernel.structures).writeBlock(at: block, skeleton.version)
    }
    guard let frame = skeleton.startFrame else { return }
    let register = plan.registers[kernel.systemSpace]
    for (place, value) in [
      (ProcessorStartBlock.jump, ProcessorStartBlock.jumpValue),
      (ProcessorStartBlock.target, skeleton.image.entryPoint),
      (ProcessorStartBlock.cr3, register & ~(frameSize - 1)),
    ] {
      tables.bytes.store(value, at: frame * frameSize + place.offset, width: place.size)
    }
  }
}
