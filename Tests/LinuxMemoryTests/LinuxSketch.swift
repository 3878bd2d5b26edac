import LinuxMemory
import Paging
import PhysicalMemory
import TestSupport

/// A kernel with some tasks, in memory that is written word by word.
///
/// 1 MiB from 0x10_0000 on is the kernel's image, mapped at 0xffffffff81000000; tasks are in it too.
struct LinuxSketch {
  static let image: UInt64 = 0xffff_ffff_8100_0000
  static let place: UInt64 = 0x10_0000
  /// Offsets of `tgid` and `real_parent` in a task.
  static let parents: (number: UInt64, task: UInt64) = (0x64, 0x58)
  /// Offsets of `tasks`, `mm`, `pid` and `comm` in a task, and of `pgd` in its memory.
  static let fields: (tasks: UInt64, memory: UInt64, pid: UInt64, name: UInt64, root: UInt64) =
    (0x30, 0x48, 0x60, 0x70, 0x18)

  struct Task {
    var pid: UInt64
    var name: String
    var root: UInt64?
    /// Which task made it; the swapper is the first.
    var parent = 0
  }

  var tables = TableSketch()
  var tasks: [Task] = [
    Task(pid: 1, name: "init", root: 0x8000), Task(pid: 2, name: "kthreadd", root: nil),
    Task(pid: 300, name: "fifteen letters", root: 0xa000, parent: 1),
  ]

  /// Writes tables and tasks; the types are for whoever wants them.
  init(hasTypes: Bool = true, hasTree: Bool = false) {
    kernelHalf(0x1000)
    tables.put(0x3003, in: 0x2000, at: 510)
    tables.put(0x4003, in: 0x3000, at: 8)
    for page in 0..<UInt64(256) {
      tables.put(Self.place + page << 12 | 0x103, in: 0x4000, at: page)
    }
    put(Array("Linux version 6.1.0-test (x) #1\0".utf8), at: 0x1000)
    if hasTypes { put(Self.types(hasTree: hasTree), at: 0x2008) }
    hasTree ? putTree() : putList()
    putTasks()
  }

  /// The upper half that all roots have.
  mutating func kernelHalf(_ root: UInt64) { tables.put(0x2003, in: root, at: 511) }

  /// Where a task is in the image; the first is the swapper.
  static func offset(ofTask index: Int) -> UInt64 { 0x1_0000 + UInt64(index) * 0x1000 }

  private mutating func putTasks() {
    let count = tasks.count + 1
    for index in 0..<count {
      let record = Self.offset(ofTask: index)
      let neighbours = [(index + 1) % count, (index + count - 1) % count]
      for (side, neighbour) in neighbours.enumerated() {
        let link = Self.image + Self.offset(ofTask: neighbour) + Self.fields.tasks
        putWord(link, at: record + Self.fields.tasks + UInt64(side) * 8)
      }
      let task = index == 0 ? Task(pid: 0, name: "swapper/0", root: nil) : tasks[index - 1]
      // `tgid` is the upper half of the word.
      putWord(task.pid | task.pid << 32, at: record + Self.fields.pid)
      putWord(
        Self.image + Self.offset(ofTask: task.parent), at: record + Self.parents.task)
      put(Array(task.name.utf8), at: record + Self.fields.name)
      guard let root = task.root else { continue }
      let memory = 0x4_0000 + UInt64(index) * 0x1000
      putWord(Self.image + memory, at: record + Self.fields.memory)
      // The roots are outside the image; the kernel reaches them at this page of it.
      let alias = 0x8_0000 + UInt64(index) * 0x1000
      tables.put(root | 0x103, in: 0x4000, at: alias >> 12)
      putWord(Self.image + alias, at: memory + Self.fields.root)
      kernelHalf(root)
      tables.put(0x5007 + UInt64(index) << 12, in: root, at: 0)
    }
  }

  /// The areas of the first task: addresses, flags (VM_READ 1, VM_WRITE 2, VM_EXEC 4, VM_SHARED 8).
  static let areas: [(start: UInt64, end: UInt64, flags: UInt64)] = [
    (0x1000, 0x3000, 0x800_0003), (0x7000, 0x9000, 0xd),
  ]
  /// Where in the image the areas are, and where their task's memory has the first, or the tree.
  static let areaOffset: UInt64 = 0x5_0000
  static let areasOfMemory: UInt64 = 0x4_1000 + 0x28

  private mutating func putArea(_ index: Int) -> UInt64 {
    let area = Self.areas[index]
    let offset = Self.areaOffset + UInt64(index) * 0x100
    putWord(area.start, at: offset)
    putWord(area.end, at: offset + 8)
    putWord(area.flags, at: offset + 24)
    return Self.image + offset
  }

  private mutating func putList() {
    let places = [putArea(0), putArea(1)]
    putWord(places[0], at: Self.areasOfMemory)
    putWord(places[1], at: Self.areaOffset + 16)
  }

  /// A root that is no leaf, with two leaves: pivots at 8, slots at 128.
  private mutating func putTree() {
    let nodes: [UInt64] = [0x5_1000, 0x5_1100, 0x5_1200]
    putWord(Self.image + nodes[0] | 2 << 3 | 4 | 2, at: Self.areasOfMemory + 8)
    putWord(0x2fff, at: nodes[0] + 8)
    putWord(UInt64.max, at: nodes[0] + 16)
    putWord(Self.image + nodes[1] | 1 << 3 | 4, at: nodes[0] + 128)
    putWord(Self.image + nodes[2] | 1 << 3 | 4, at: nodes[0] + 136)
    putWord(0xfff, at: nodes[1] + 8)
    putWord(0x2fff, at: nodes[1] + 16)
    putWord(putArea(0), at: nodes[1] + 136)
    putWord(0x6fff, at: nodes[2] + 8)
    putWord(0x8fff, at: nodes[2] + 16)
    putWord(UInt64.max, at: nodes[2] + 24)
    putWord(putArea(1), at: nodes[2] + 136)
  }

  /// Writes an eight-byte word at an offset in the image.
  mutating func putWord(_ word: UInt64, at offset: UInt64) {
    let place = Self.place + offset
    tables.put(word, in: place & ~0xfff, at: place % 4096 / 8)
  }

  /// Writes bytes at an offset in the image that is a multiple of 8.
  mutating func put(_ bytes: [UInt8], at offset: UInt64) {
    for start in stride(from: 0, to: bytes.count, by: 8) {
      let part = bytes[start..<min(start + 8, bytes.count)]
      putWord(part.reversed().reduce(0) { $0 << 8 | UInt64($1) }, at: offset + UInt64(start))
    }
  }

  /// Types by the words of Linux Documentation/bpf/btf.rst: `task_struct` and `mm_struct`, both with an
  /// anonymous structure around what is looked for.
  static func types(hasTree: Bool = false) -> [UInt8] {
    var names: [UInt8] = [0]
    func name(_ text: String) -> UInt32 {
      defer { names += Array(text.utf8) + [0] }
      return UInt32(names.count)
    }
    func structure(_ text: UInt32, _ size: UInt32, _ members: [(UInt32, UInt32, UInt64)])
      -> [UInt32]
    {
      [text, 4 << 24 | UInt32(members.count), size]
        + members.flatMap { [$0.0, $0.1, UInt32($0.2 * 8)] }
    }
    let fields = Self.fields
    var words: [UInt32] =
      [name("int"), 1 << 24, 4, 0x100_0020] + [name("char"), 1 << 24, 1, 8]  // 1, 2
      + [0, 2 << 24, 0]  // 3: a pointer
      + [0, 3 << 24, 0, 2, 1, 16]  // 4: char[16]
      + [name("pid_t"), 8 << 24, 1]  // 5
      + structure(name("list_head"), 16, [(name("next"), 3, 0), (name("prev"), 3, 8)])  // 6
      + structure(
        0, 0x80,
        [
          (name("tasks"), 6, fields.tasks - 8), (name("mm"), 3, fields.memory - 8),
          (name("pid"), 5, fields.pid - 8), (name("comm"), 4, fields.name - 8),
          (name("tgid"), 5, parents.number - 8), (name("real_parent"), 3, parents.task - 8),
        ])  // 7
      + structure(name("task_struct"), 0x90, [(name("flags"), 1, 0), (0, 7, 8)])  // 8
      + structure(
        0, 0x40,
        [
          (name("pgd"), 3, fields.root),
          hasTree ? (name("mm_mt"), 16, 0x28) : (name("mmap"), 3, 0x28),
        ])  // 9
      + structure(name("mm_struct"), 0x40, [(0, 9, 0)])  // 10
      + [name("unsigned long"), 1 << 24, 8, 64]  // 11
      + [0, 3 << 24, 0, 11, 1, 15] + [0, 3 << 24, 0, 11, 1, 16]  // 12, 13
      + [0, 3 << 24, 0, 11, 1, 9] + [0, 3 << 24, 0, 11, 1, 10]  // 14, 15
      // 16
      + structure(name("maple_tree"), 16, [(name("ma_flags"), 1, 0), (name("ma_root"), 3, 8)])
      + structure(name("maple_range_64"), 256, [(name("pivot"), 12, 8), (name("slot"), 13, 128)])
      + structure(name("maple_arange_64"), 160, [(name("pivot"), 14, 8), (name("slot"), 15, 80)])
      + structure(
        name("vm_area_struct"), 48,
        [
          (name("vm_start"), 11, 0), (name("vm_end"), 11, 8), (name("vm_next"), 3, 16),
          (name("vm_flags"), 11, 24), (name("vm_pgoff"), 11, 32), (name("vm_file"), 3, 40),
        ])
    words += [name("pageflags"), 6 << 24 | UInt32(pageFlags.count), 4]
    for flag in pageFlags { words += [name(flag.name), flag.number] }
    let size = UInt32(words.count * 4)
    let header = [0x1_eb9f, 24, 0, size, size, UInt32(names.count)]
    return (header + words).flatMap { word in (0..<4).map { UInt8(word >> ($0 * 8) & 0xff) } }
      + names
  }

  /// Some of `enum pageflags`; what follows the number of flags are second names.
  private static let pageFlags: [(name: String, number: UInt32)] = [
    ("PG_locked", 0), ("PG_referenced", 1), ("PG_uptodate", 2), ("PG_dirty", 3), ("PG_lru", 4),
    ("PG_active", 5), ("PG_owner_priv_1", 10), ("PG_head", 16), ("PG_swapbacked", 19),
    ("__NR_PAGEFLAGS", 25), ("PG_swapcache", 10), ("PG_checked", 10),
  ]

  /// Searches this memory, with a register as the dump has it.
  func findings(
    register: UInt64 = 0x1000, _ text: String? = nil
  ) throws -> LinuxFindings? {
    LinuxSearch(
      try tables.memory, PagingState(mode: .x86_64), text.map { Vmcoreinfo(text: $0) },
      roots: [LinuxSearch.Root(register: register, source: "test")]
    ).run()
  }
}
