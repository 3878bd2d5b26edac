import PhysicalMemory

/// Where a kernel has the members of `task_struct` and `mm_struct` that lead to page tables.
struct TaskLayout: Hashable, Sendable {
  typealias Member = StructureLayout.Member

  /// `task_struct.tasks`, a `list_head`, whose first half leads to the next task.
  var tasks: Member
  /// `task_struct.pid`.
  var pid: Member
  /// `task_struct.comm`.
  var name: Member
  /// `task_struct.mm`.
  var memory: Member
  /// `mm_struct.pgd`.
  var root: Member
  /// `task_struct.real_parent`, and in the task that it leads to `tgid`; nil where that is not known.
  var parent: Parent?
  /// Whether offsets count from the beginning of `task_struct`.
  var hasBeginning = true

  /// Where the number of a parent is.
  struct Parent: Hashable, Sendable {
    var task: Member
    var number: Member
  }

  /// Takes the places from the kernel's own types; nil where one is missing.
  init?(_ types: BTF) {
    func member(_ name: String) -> Member? { types.member(name, of: "task_struct") }
    guard let tasks = member("tasks"), let pid = member("pid"), let name = member("comm"),
      let memory = member("mm"), let root = types.member("pgd", of: "mm_struct"),
      [pid, memory, root].allSatisfy({ (1...8).contains($0.size) }), (1...64).contains(name.size)
    else { return nil }
    self.init(tasks: tasks, pid: pid, name: name, memory: memory, root: root)
    if let task = member("real_parent"), let number = member("tgid"),
      [task, number].allSatisfy({ (1...8).contains($0.size) })
    {
      parent = Parent(task: task, number: number)
    }
  }

  /// Takes places that became known otherwise.
  init(tasks: Member, pid: Member, name: Member, memory: Member, root: Member) {
    self.tasks = tasks
    self.pid = pid
    self.name = name
    self.memory = memory
    self.root = root
  }
}

/// TASK_COMM_LEN, in all versions.
let taskNameSize = 16
