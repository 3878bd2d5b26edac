import Paging
import PhysicalMemory

/// Kernels without types in memory (BTF): the places follow from what is true of every list of
/// tasks.
///
/// The swapper has pid 0 and no memory; the first task of the list has pid 1 and memory, the second is
/// kthreadd, with pid 2 and none (Linux init/main.c, rest_init).
extension TaskLayout {
  /// How far before `comm` in a `task_struct` the other members are looked for.
  private static let reach: UInt64 = 8192
  /// How far into an `mm_struct` its `pgd` is looked for.
  private static let memoryReach: UInt64 = 512
  private static let taskLimit = 1 << 16

  /// Works the places out around the name of the swapper.
  ///
  /// `first` is taken as lying `reach` bytes before the name, so that all offsets are positive; it is
  /// no address of a structure, but the difference is the same for all tasks.
  static func inferred(
    name: VirtualAddress, _ kernel: LinuxKernelMemory
  ) -> (layout: TaskLayout, first: VirtualAddress)? {
    let first = VirtualAddress(name.rawValue &- reach)
    let nameMember = Member(offset: reach, size: taskNameSize)
    let pointer = kernel.pointerSize
    var best: (offset: UInt64, tasks: [VirtualAddress])?
    for offset in stride(from: 0, to: reach, by: pointer) {
      guard TaskList.isLinked(first.advanced(by: offset), kernel),
        let tasks = tasks(first, offset, nameMember, kernel),
        tasks.count > best?.tasks.count ?? 1
      else { continue }
      best = (offset, tasks)
    }
    guard let best else { return nil }
    let offsets = stride(from: best.offset, to: reach, by: 4)
    let memory = offsets.lazy.filter { $0 % UInt64(pointer) == 0 }
      .map { Member(offset: $0, size: pointer) }
      .first { isMemory($0, first, best.tasks, kernel) }
    let pid = offsets.lazy.map { Member(offset: $0, size: 4) }
      .first { isNumber($0, first, best.tasks, kernel) }
    guard let memory, let pid, let root = root(memory, best.tasks, kernel) else { return nil }
    let tasks = Member(offset: best.offset, size: 2 * pointer)
    var layout = TaskLayout(tasks: tasks, pid: pid, name: nameMember, memory: memory, root: root)
    layout.hasBeginning = false
    return (layout, first)
  }

  /// The tasks of a list, if each has a name that can be read and the list comes back.
  private static func tasks(
    _ first: VirtualAddress, _ offset: UInt64, _ name: Member, _ kernel: LinuxKernelMemory
  ) -> [VirtualAddress]? {
    let head = first.advanced(by: offset)
    var tasks: [VirtualAddress] = []
    var link = head
    while let next = try? kernel.pointer(at: link), tasks.count < taskLimit {
      if next == head { return tasks }
      let task = VirtualAddress(next.rawValue &- offset)
      guard let text = try? kernel.bytes(at: task.advanced(by: name.offset), count: name.size),
        isName(text)
      else { return nil }
      tasks.append(task)
      link = next
    }
    return nil
  }

  private static func isName(_ bytes: [UInt8]) -> Bool {
    let text = bytes.prefix { $0 != 0 }
    return !text.isEmpty && text.count < bytes.count
      && text.allSatisfy { (0x20..<0x7f).contains($0) }
  }

  private static func isMemory(
    _ member: Member, _ first: VirtualAddress, _ tasks: [VirtualAddress],
    _ kernel: LinuxKernelMemory
  ) -> Bool {
    func value(_ task: VirtualAddress) -> UInt64? { try? kernel.value(member, of: task) }
    guard value(first) == 0, value(tasks[1]) == 0, let own = value(tasks[0]), own != 0 else {
      return false
    }
    return tasks.allSatisfy { task in
      value(task).map { $0 == 0 || kernel.isKernelPointer($0) && $0 % 8 == 0 } ?? false
    }
  }

  private static func isNumber(
    _ member: Member, _ first: VirtualAddress, _ tasks: [VirtualAddress],
    _ kernel: LinuxKernelMemory
  ) -> Bool {
    let numbers = tasks.compactMap { try? kernel.value(member, of: $0) }
    return (try? kernel.value(member, of: first)) == 0 && numbers.starts(with: [1, 2])
      && numbers.count == tasks.count && Set(numbers).count == numbers.count
      && numbers.allSatisfy { (1..<1 << 22).contains($0) }
  }

  /// The member of `mm_struct` that has the address of a table in all tasks with memory: a page that
  /// is mapped, and another for each memory.
  private static func root(
    _ memory: Member, _ tasks: [VirtualAddress], _ kernel: LinuxKernelMemory
  ) -> Member? {
    let memories = Set(tasks.compactMap { try? kernel.value(memory, of: $0) }.filter { $0 != 0 })
    return stride(from: 0, to: memoryReach, by: kernel.pointerSize)
      .map { Member(offset: $0, size: kernel.pointerSize) }
      .first { member in
        let tables = memories.compactMap { memory -> PhysicalAddress? in
          guard let table = try? kernel.value(member, of: VirtualAddress(memory)),
            kernel.isKernelPointer(table), table % kernel.rootAlignment == 0
          else { return nil }
          return try? kernel.location(of: VirtualAddress(table))
        }
        return tables.count == memories.count && Set(tables).count == tables.count
          && tables.allSatisfy { kernel.isLikeRoot($0) }
      }
  }
}

extension LinuxKernelMemory {
  /// The size of a top table, to which it is aligned.
  var rootAlignment: UInt64 { paging.mode == .pae ? 32 : frameSize }

  /// Whether a table has the kernel's half of the tables in use.
  func isLikeRoot(_ table: PhysicalAddress) -> Bool {
    RootLikeness(self)?.of(table).isRoot ?? false
  }
}
