public import PhysicalMemory

/// A process of Linux, as its `task_struct` says.
public struct LinuxProcess: Hashable, Sendable {
  /// The address of the `task_struct`, where its beginning is known.
  public let record: VirtualAddress?
  /// The address of its name, `comm`.
  public let nameAddress: VirtualAddress
  /// The number.
  public let pid: UInt64
  /// The first characters of the name.
  public let name: String
  /// The number of the process that made it; nil where the kernel's types do not say where it is.
  public let parent: UInt64?
  /// The address of the `mm_struct`; nil for threads of the kernel, which have no memory of their own.
  public let memory: VirtualAddress?
  /// The top table; nil where there is none, or its address is not mapped.
  public let root: PhysicalAddress?
}

/// The list of all processes, as far as it can be followed from `init_task`.
struct TaskList {
  /// The processes, in the order of the list; `init_task` is not one of them.
  private(set) var processes: [LinuxProcess] = []
  /// Why the list ends before it is back at its head; nil where it is whole.
  private(set) var problem: String?

  /// PID_MAX_LIMIT of 64-bit kernels: no list is longer.
  private static let countLimit = 1 << 22

  /// Follows the list from the `task_struct` at `first`.
  init(first: VirtualAddress, _ kernel: LinuxKernelMemory, _ layout: TaskLayout) {
    let head = first.advanced(by: layout.tasks.offset)
    var seen: Set<VirtualAddress> = [head]
    do throws(LinuxKernelMemory.Failure) {
      var link = try kernel.pointer(at: head)
      while link != head {
        guard seen.insert(link).inserted, processes.count < Self.countLimit else {
          problem = "the list of processes comes back to \(link), not to init_task"
          return
        }
        let record = VirtualAddress(link.rawValue &- layout.tasks.offset)
        processes.append(try LinuxProcess(record, kernel, layout))
        link = try kernel.pointer(at: link)
      }
    } catch {
      problem = "the list of processes cannot be followed: \(error)"
    }
  }

  /// Whether the lists before and after `init_task` agree, as in every list that is one.
  static func isHead(
    _ first: VirtualAddress, _ kernel: LinuxKernelMemory, _ layout: TaskLayout
  ) -> Bool {
    isLinked(first.advanced(by: layout.tasks.offset), kernel)
  }

  /// Whether a `list_head` is one: its neighbours lead back to it.
  static func isLinked(_ list: VirtualAddress, _ kernel: LinuxKernelMemory) -> Bool {
    let size = UInt64(kernel.pointerSize)
    guard let next = try? kernel.pointer(at: list), next != list,
      kernel.isKernelPointer(next.rawValue), next.rawValue % size == 0,
      let previous = try? kernel.pointer(at: list.advanced(by: size)),
      kernel.isKernelPointer(previous.rawValue), previous.rawValue % size == 0,
      let back = try? kernel.pointer(at: next.advanced(by: size)), back == list,
      let forth = try? kernel.pointer(at: previous), forth == list
    else { return false }
    return true
  }
}

extension LinuxProcess {
  /// Reads the record at a kernel address.
  init(
    _ record: VirtualAddress, _ kernel: LinuxKernelMemory, _ layout: TaskLayout
  ) throws(LinuxKernelMemory.Failure) {
    self.record = layout.hasBeginning ? record : nil
    nameAddress = record.advanced(by: layout.name.offset)
    pid = try kernel.value(layout.pid, of: record)
    name = try kernel.text(layout.name, of: record)
    // A parent that cannot be read is not known; the process is.
    parent = layout.parent.flatMap { parent in
      (try? kernel.value(parent.task, of: record))
        .flatMap { try? kernel.value(parent.number, of: VirtualAddress($0)) }
    }
    let memory = try kernel.value(layout.memory, of: record)
    self.memory = memory == 0 ? nil : VirtualAddress(memory)
    // A process whose memory cannot be read is a process nevertheless.
    root = self.memory.flatMap { memory in
      (try? kernel.value(layout.root, of: memory)).flatMap {
        try? kernel.location(of: VirtualAddress($0))
      }
    }
  }
}
