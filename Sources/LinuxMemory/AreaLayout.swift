import PhysicalMemory

/// Where a kernel has the members that lead to the areas of a process and say what they are.
struct AreaLayout: Sendable {
  typealias Member = StructureLayout.Member

  /// `vm_area_struct`.
  let start, end, flags, pageOffset, file: Member
  /// The operations of an area, which anonymous ones lack.
  let operations: Member?
  /// How areas follow each other.
  let order: Order
  /// What says whether an area is the heap or the stack.
  let heapStart, heapEnd, stackStart: Member?
  /// The members that lead from a file to its number and its name.
  let files: FileLayout?

  /// How the areas of a process are kept.
  enum Order: Sendable {
    /// A tree of nodes (from 6.1 on): its root in `mm_struct`.
    case tree(root: Member, range: NodeLayout, gaps: NodeLayout)
    /// A list: its first area in `mm_struct`, the next in each.
    case list(first: Member, next: Member)
  }

  /// A node of a maple tree (Linux include/linux/maple_tree.h).
  struct NodeLayout: Sendable {
    /// The last index of each slot but the last, and the slots.
    let pivots, slots: Member
    /// The number of slots.
    let count: Int
  }

  /// From `file` to what `/proc/PID/maps` says of it.
  struct FileLayout: Sendable {
    let inode, dentry, number, device, superBlock, name, parent: Member
    /// The kind of the file with its rights, and its size.
    let mode, size: Member?
  }

  /// Takes the places from the kernel's own types; nil where one is missing.
  init?(_ types: BTF, pointerSize: Int) {
    func area(_ name: String) -> Member? { types.member(name, of: "vm_area_struct") }
    guard let start = area("vm_start"), let end = area("vm_end"), let pageOffset = area("vm_pgoff"),
      let flags = area("vm_flags") ?? area("__vm_flags"), let file = area("vm_file"),
      let order = Self.order(types, pointerSize),
      [start, end, flags, pageOffset, file].allSatisfy({ (1...8).contains($0.size) })
    else { return nil }
    (self.start, self.end, self.flags) = (start, end, flags)
    (self.pageOffset, self.file, self.order) = (pageOffset, file, order)
    operations = area("vm_ops")
    heapStart = types.member("start_brk", of: "mm_struct")
    heapEnd = types.member("brk", of: "mm_struct")
    stackStart = types.member("start_stack", of: "mm_struct")
    files = Self.files(types)
  }

  private static func order(_ types: BTF, _ pointerSize: Int) -> Order? {
    if let first = types.member("mmap", of: "mm_struct"),
      let next = types.member("vm_next", of: "vm_area_struct")
    {
      return .list(first: first, next: next)
    }
    func node(_ name: String) -> NodeLayout? {
      // Slots stand in a union in one of the kinds, whose first member they are.
      guard let pivots = types.member("pivot", of: name),
        let slots = types.member("slot", of: name), pivots.size % pointerSize == 0,
        slots.size % pointerSize == 0, slots.size / pointerSize == pivots.size / pointerSize + 1
      else { return nil }
      return NodeLayout(pivots: pivots, slots: slots, count: slots.size / pointerSize)
    }
    guard let tree = types.member("mm_mt", of: "mm_struct"),
      let root = types.member("ma_root", of: "maple_tree"), let range = node("maple_range_64"),
      let gaps = node("maple_arange_64")
    else { return nil }
    let place = Member(offset: tree.offset + root.offset, size: root.size)
    return .tree(root: place, range: range, gaps: gaps)
  }

  private static func files(_ types: BTF) -> FileLayout? {
    guard let inode = types.member("f_inode", of: "file"),
      let path = types.member("f_path", of: "file"),
      let entry = types.member("dentry", of: "path"),
      let number = types.member("i_ino", of: "inode"),
      let superBlock = types.member("i_sb", of: "inode"),
      let device = types.member("s_dev", of: "super_block"),
      let name = types.member("d_name", of: "dentry"),
      let text = types.member("name", of: "qstr"),
      let parent = types.member("d_parent", of: "dentry")
    else { return nil }
    return FileLayout(
      inode: inode, dentry: Member(offset: path.offset + entry.offset, size: entry.size),
      number: number, device: device, superBlock: superBlock,
      name: Member(offset: name.offset + text.offset, size: text.size), parent: parent,
      mode: types.member("i_mode", of: "inode"), size: types.member("i_size", of: "inode"))
  }
}
