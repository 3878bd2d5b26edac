import BitLayout
import PhysicalMemory
import Synchronization

/// Reads the areas of processes of a dump where the kernel keeps them.
public struct LinuxAreaReader: Sendable {
  private let kernel: LinuxKernelMemory
  private let layout: AreaLayout
  /// The `mm_struct` of each process.
  private let memories: [UInt64: VirtualAddress]
  private let known = KnownAreas()

  /// More areas than any setting allows are none.
  private static let countLimit = 1 << 20
  /// No tree of so many areas is deeper.
  private static let depthLimit = 12

  init?(_ kernel: LinuxKernelMemory, _ types: BTF, _ processes: [LinuxProcess]) {
    guard let layout = AreaLayout(types, pointerSize: kernel.pointerSize) else { return nil }
    self.kernel = kernel
    self.layout = layout
    memories = Dictionary(
      processes.compactMap { process in process.memory.map { (process.pid, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// The areas of a process; nil where it has no memory of its own, or where they cannot all be read.
  ///
  /// They are read when they are first asked for.
  public func areas(ofProcess pid: UInt64) -> MemoryAreas? {
    guard let memory = memories[pid] else { return nil }
    return known.areas(ofProcess: pid) { read(memory) }
  }

  private func read(_ memory: VirtualAddress) -> MemoryAreas? {
    do throws(LinuxKernelMemory.Failure) {
      var records: [VirtualAddress] = []
      var seen: Set<VirtualAddress> = []
      switch layout.order {
      case .tree(let root, let range, let gaps):
        let entry = try kernel.value(root, of: memory)
        if MapleEntry.root.value(in: entry) == MapleEntry.rootMark {
          guard try collect(node: entry, (range, gaps), 0, &records, &seen) else { return nil }
        } else if entry != 0 {
          // A tree of one area that begins at 0.
          records.append(VirtualAddress(entry))
        }
      case .list(let first, let next):
        var record = VirtualAddress(try kernel.value(first, of: memory))
        while record.rawValue != 0 {
          guard seen.insert(record).inserted, seen.count < Self.countLimit else { return nil }
          records.append(record)
          record = VirtualAddress(try kernel.value(next, of: record))
        }
      }
      var areas: [MemoryArea] = []
      for record in records {
        guard let area = try area(record, memory) else { return nil }
        // Areas come in ascending order, in memory that does not lie.
        if let last = areas.last, last.end > area.start { return nil }
        areas.append(area)
      }
      return MemoryAreas(areas)
    } catch {
      return nil
    }
  }

  /// Adds the areas below a node; false where it is no tree.
  private func collect(
    node entry: UInt64, _ kinds: (range: AreaLayout.NodeLayout, gaps: AreaLayout.NodeLayout),
    _ depth: Int, _ records: inout [VirtualAddress], _ seen: inout Set<VirtualAddress>
  ) throws(LinuxKernelMemory.Failure) -> Bool {
    let node = VirtualAddress(entry & ~MapleEntry.flags.mask)
    guard depth < Self.depthLimit, records.count < Self.countLimit, seen.insert(node).inserted
    else { return false }
    let kind = MapleEntry.kind.value(in: entry)
    let layout = kind == MapleEntry.gapKind ? kinds.gaps : kinds.range
    let pointer = kernel.pointerSize
    for slot in 0..<layout.count {
      let isLast = slot == layout.count - 1
      func word(_ member: AreaLayout.Member) throws(LinuxKernelMemory.Failure) -> UInt64 {
        let offset = member.offset + UInt64(slot * pointer)
        return try kernel.value(AreaLayout.Member(offset: offset, size: pointer), of: node)
      }
      let content = try word(layout.slots)
      // The last slot has no pivot; in a node that is not full, other things stand there.
      if kernel.isKernelPointer(content) {
        if kind < MapleEntry.firstInnerKind {
          records.append(VirtualAddress(content))
        } else if try !collect(node: content, kinds, depth + 1, &records, &seen) {
          return false
        }
      }
      if isLast { break }
      let pivot = try word(layout.pivots)
      if slot > 0, pivot == 0 { break }
      if pivot == UInt64.max >> UInt64(64 - pointer * 8) { break }
    }
    return true
  }

  private func area(
    _ record: VirtualAddress, _ memory: VirtualAddress
  ) throws(LinuxKernelMemory.Failure) -> MemoryArea? {
    let start = try kernel.value(layout.start, of: record)
    let end = try kernel.value(layout.end, of: record)
    guard start < end else { return nil }
    let flags = try kernel.value(layout.flags, of: record)
    var area = MemoryArea(start: start, end: end, flags: KernelAreaFlags.flags(of: flags))
    let file = try kernel.value(layout.file, of: record)
    if file != 0 {
      area.fileOffset = try kernel.value(layout.pageOffset, of: record) &* frameSize
      // A file that cannot be read leaves an area of which the rest is known.
      if let files = layout.files {
        try? describe(&area, VirtualAddress(file), files)
      }
    } else {
      func value(_ member: AreaLayout.Member?) throws(LinuxKernelMemory.Failure) -> UInt64? {
        guard let member else { return nil }
        return try kernel.value(member, of: memory)
      }
      if let operations = layout.operations, try kernel.value(operations, of: record) != 0 {
        area.backing = .kernelPages
      }
      let (heap, top) = (try value(layout.heapStart) ?? 0, try value(layout.heapEnd) ?? 0)
      if heap < top, start <= top, end >= heap, heap != 0 { area.path = "[heap]" }
      if let stack = try value(layout.stackStart), area.contains(stack) { area.path = "[stack]" }
    }
    return area
  }

  private func describe(
    _ area: inout MemoryArea, _ file: VirtualAddress, _ layout: AreaLayout.FileLayout
  ) throws(LinuxKernelMemory.Failure) {
    let inode = VirtualAddress(try kernel.value(layout.inode, of: file))
    area.inode = try kernel.value(layout.number, of: inode)
    if let mode = layout.mode {
      let kind = FileMode.kind.value(in: try kernel.value(mode, of: inode))
      if kind == FileMode.blockDevice { area.backing = .blockDevice }
      if kind == FileMode.regular, let size = layout.size {
        area.fileSize = try kernel.value(size, of: inode)
      }
    }
    let superBlock = VirtualAddress(try kernel.value(layout.superBlock, of: inode))
    let device = try kernel.value(layout.device, of: superBlock)
    area.deviceMajor = KernelDevice.major.value(in: device)
    var names: [String] = []
    var entry = VirtualAddress(try kernel.value(layout.dentry, of: file))
    for _ in 0..<64 {
      let parent = VirtualAddress(try kernel.value(layout.parent, of: entry))
      if parent == entry { break }
      names.append(try text(at: VirtualAddress(try kernel.value(layout.name, of: entry))))
      entry = parent
    }
    area.path = "/" + names.reversed().joined(separator: "/")
  }

  /// The text up to a NUL, at most NAME_MAX bytes.
  private func text(at address: VirtualAddress) throws(LinuxKernelMemory.Failure) -> String {
    var bytes: [UInt8] = []
    while bytes.count < 256, !bytes.contains(0) {
      bytes += try kernel.bytes(at: address.advanced(by: UInt64(bytes.count)), count: 16)
    }
    return String(decoding: bytes.prefix { $0 != 0 }.prefix(255), as: UTF8.self)
  }
}

/// The areas that were read, shared by all copies of a reader; nil for processes whose areas cannot be.
private final class KnownAreas: Sendable {
  private let areas = Mutex<[UInt64: MemoryAreas?]>([:])

  func areas(ofProcess pid: UInt64, _ read: () -> MemoryAreas?) -> MemoryAreas? {
    if let known = areas.withLock({ $0[pid] }) { return known }
    // Read outside of the lock: who comes meanwhile reads the same.
    let found = read()
    areas.withLock { $0[pid] = .some(found) }
    return found
  }
}

/// The address of a node of a maple tree with what stands in its low bits.
///
/// Linux include/linux/maple_tree.h and lib/maple_tree.c, mt_mk_node and mte_mk_root.
private enum MapleEntry {
  static let flags = BitField("flags", 7, 0, .value, "what an entry says beside the node")
  static let root = BitField("root", 1, 0, .value, "2: the root of a tree is a node")
  static let rootMark: UInt64 = 2
  static let kind = BitField("type", 6, 3, .value, "the kind of the node")
  /// `maple_range_64`: kinds below it are leaves, whose slots are areas.
  static let firstInnerKind: UInt64 = 2
  /// `maple_arange_64`, which knows the gaps below it.
  static let gapKind: UInt64 = 3
}

/// `i_mode` of an inode (Linux include/uapi/linux/stat.h).
private enum FileMode {
  static let kind = BitField("S_IFMT", 15, 12, .value, "the kind of the file")
  /// S_IFBLK.
  static let blockDevice: UInt64 = 6
  /// S_IFREG.
  static let regular: UInt64 = 8
}

/// `dev_t` of the kernel.
private enum KernelDevice {
  static let major = BitField("major", 31, 20, .value, "the driver")
}

/// The bits of `vm_flags` (Linux include/linux/mm.h, VM_READ and following).
enum KernelAreaFlags {
  static let bits: [(field: BitField, flag: MemoryArea.Flags)] = [
    (BitField("VM_READ", 0, .value, "may be read"), .read),
    (BitField("VM_WRITE", 1, .value, "may be written"), .write),
    (BitField("VM_EXEC", 2, .value, "may be executed"), .execute),
    (BitField("VM_SHARED", 3, .value, "writes are seen by others"), .shared),
    (BitField("VM_GROWSDOWN", 8, .value, "a stack"), .growsDown),
    (BitField("VM_UFFD_MISSING", 9, .value, "userfaultfd: missing pages"), .userfaultMissing),
    (BitField("VM_PFNMAP", 10, .value, "frames without a struct page"), .frameMap),
    (BitField("VM_UFFD_WP", 12, .value, "userfaultfd: writes"), .userfaultWriteProtect),
    (BitField("VM_LOCKED", 13, .value, "stays in memory"), .locked),
    (BitField("VM_IO", 14, .value, "memory of a device"), .device),
    (BitField("VM_HUGETLB", 22, .value, "huge pages"), .hugePages),
    (BitField("VM_SOFTDIRTY", 27, .value, "every page counts as written"), .softDirty),
    (BitField("VM_MIXEDMAP", 28, .value, "frames with and without a struct page"), .mixedMap),
    (BitField("VM_HUGEPAGE", 29, .value, "huge pages are wanted"), .hugeAdvised),
    (BitField("VM_MERGEABLE", 31, .value, "equal pages may be merged"), .mergeable),
  ]

  static func flags(of word: UInt64) -> MemoryArea.Flags {
    bits.reduce(into: []) { if $1.field.isSet(in: word) { $0.insert($1.flag) } }
  }
}
