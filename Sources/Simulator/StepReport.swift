public import Machine
public import Paging
public import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// What a step did, for those who print it and compare it.
///
/// Its changes are read as if they were its own: `report.faults`.
@dynamicMemberLookup
public struct StepReport: Sendable {
  /// The number of the step, from 1.
  public var number: Int
  /// What was done, in words.
  public var title: String
  /// Who did it.
  public var process: String
  /// The number of the process.
  public var pid: UInt64 = 0
  /// What the scenario remarks.
  public var note: String?
  /// What the call returned, or what the program was hit by; nil where nothing is said.
  public var status: StepStatus?
  /// The number of faults by how they ended.
  public var faultCounts: [String: Int] = [:]
  /// The number of accesses that were made.
  public var accesses = 0
  /// The address that the step is about.
  public var address: VirtualAddress?
  private var listNames: [String] = []
  private var countsBefore: [5 of Int] = .init(repeating: 0)
  private var countsAfter: [5 of Int] = .init(repeating: 0)
  private var kept = Kept.nothing

  /// Behind a reference: reports without changes, of which a long timeline has millions, are copied for little.
  private indirect enum Kept {
    case nothing
    case changes(StepChanges)
  }

  private static let noChanges = StepChanges()

  /// Before the first step.
  init() { (number, title, process) = (0, "", "") }

  /// What is known before the step is done.
  init(
    _ step: Scenario.Step, _ number: Int, by process: String, _ pid: UInt64, _ detail: StepDetail
  ) {
    self.number = number
    title = detail > .counts ? step.operation.title : ""
    self.process = process
    self.pid = pid
    note = step.note?.value
    address = step.operation.address
  }

  /// What changed; nothing where the report only counts.
  public internal(set) var changes: StepChanges {
    get { if case .changes(let changes) = kept { changes } else { Self.noChanges } }
    set { kept = .changes(newValue) }
  }

  /// How many frames are on each list, before and after.
  public var lists: [ListCount] {
    listNames.indices.map {
      ListCount(name: listNames[$0], before: countsBefore[$0], after: countsAfter[$0])
    }
  }

  /// Notes how many frames are on each list before the step, which may change nothing.
  mutating func count(_ counts: [5 of Int], _ names: [String]) {
    (listNames, countsBefore, countsAfter) = (names, counts, counts)
  }

  mutating func count(after counts: [5 of Int]) { countsAfter = counts }

  /// A part of what changed.
  public subscript<Value>(dynamicMember part: KeyPath<StepChanges, Value>) -> Value {
    changes[keyPath: part]
  }
}

/// What a step changed, as far as a report tells of it.
public struct StepChanges: Sendable {
  /// The faults in their order, as many as are kept.
  public var faults: [FaultReport] = []
  /// What the memory manager did beside, in order.
  public var events: [String] = []
  /// The entries that changed, in the order of their first change, as many as are kept.
  public var entries: [ChangedEntry] = []
  /// The number of entries that changed and are not kept.
  public var moreEntries = 0
  /// The frames that changed, as many as are kept.
  public var frames: [FrameChange] = []
  /// The number of frames that changed and are not kept.
  public var moreFrames = 0
  /// The frames of Linux that changed, as many as are kept.
  public var linuxFrames: [LinuxFrameChange] = []
  /// The number of frames of Linux that a step touched and that are not kept.
  public var moreLinuxFrames = 0
  /// What the kernel says of pages in the range of the step, after it (Linux).
  public var pages: [PageReport] = []

  /// More changes than this are counted, not kept.
  static let limit = 64

  /// Whether the next fault is one that is told of.
  func tellsOfFault(at detail: StepDetail) -> Bool {
    detail > .counts && faults.count < Self.limit
  }

  mutating func note(_ event: () -> String, at detail: StepDetail) {
    if detail > .counts, events.count < Self.limit { events.append(event()) }
  }
}

/// How a step ended.
public struct StepStatus: Hashable, Sendable {
  /// The name: `STATUS_ACCESS_VIOLATION`, `ENOMEM`, `SIGSEGV`.
  public var name: String
  /// The number of an NTSTATUS.
  public var code: UInt32?
  /// Whether it is what a call that succeeds returns.
  public var isSuccess: Bool

  init(_ status: NTStatus) {
    name = status.name
    code = status.code
    // NT_SUCCESS: what is not of the severities warning and error.
    isSuccess = status.code < 0x8000_0000
  }

  init(_ name: String, code: UInt32? = nil, isSuccess: Bool = false) {
    self.name = name
    self.code = code
    self.isSuccess = isSuccess
  }
}

/// One fault and what became of it.
public struct FaultReport: Hashable, Sendable {
  /// The address.
  public var address: VirtualAddress
  /// The access.
  public var access: Access
  /// The error code that the processor pushed; nil for other exceptions than page faults of x86.
  public var errorCode: UInt32?
  /// ESR_EL1 of an abort of arm64.
  public var syndrome: UInt64?
  /// The error code by the names of its flags; of an abort, kind and level.
  public var errorFlags: String
  /// The state of the page, as the kernel's classifier finds it.
  public var state: String
  /// The functions of the kernel.
  public var handler: [String]
  /// The cost by the words of the command line.
  public var cost: String
  /// The status, the signal or the kind.
  public var status: String
  /// The number of the status, where there is one.
  public var code: UInt32?
  /// What the processor and the kernel made of the access, and then what they would have made of every
  /// other to the same address; empty where a fault of the step before went the same way.
  public var answers: [AccessAnswer] = []
  /// What they would have made of it, had the entry been another.
  public var supposed: [SupposedAnswer] = []

  /// Whether another fault went the same way for the same reason.
  func isLike(_ other: FaultReport) -> Bool {
    state == other.state && handler == other.handler && access == other.access
  }
}

/// What would have become of an access under a condition.
public struct SupposedAnswer: Hashable, Sendable {
  /// The condition: "the entry were transition".
  public var condition: String
  /// What would have become of it.
  public var answer: AccessAnswer
}

/// An entry of a page table, or of a prototype array, that changed.
public struct ChangedEntry: Hashable, Sendable {
  /// The name: `PTE`, `PDE`, `prototype PTE`.
  public var name: String
  /// The level; 1 is PTE.
  public var level: Int
  /// Whether it is an entry of a prototype array.
  public var isPrototype: Bool
  /// The first virtual address that it translates, or the address of the prototype entry.
  public var address: VirtualAddress
  /// Whose table it is.
  public var process: String
  /// Where it is.
  public var place: PhysicalAddress
  /// The number of bytes of an entry.
  public var size: Int
  /// The entry before the step.
  public var before: UInt64
  /// The entry after it.
  public var after: UInt64
  /// What the entry meant, in words.
  public var meaningBefore: String
  /// What it means now.
  public var meaningAfter: String
}

/// What the kernel keeps of a frame, before and after.
public struct FrameChange: Hashable, Sendable {
  /// The number of the frame.
  public var number: UInt64
  /// What was kept of it; nil of a frame that was never used.
  public var before: FrameRecord?
  /// What is kept of it now.
  public var after: FrameRecord
}

/// The number of frames on a list.
public struct ListCount: Hashable, Sendable {
  /// The name of the list.
  public var name: String
  /// The number before the step.
  public var before: Int
  /// The number after it.
  public var after: Int
}

/// What Linux says of a page.
public struct PageReport: Hashable, Sendable {
  /// The first address.
  public var address: VirtualAddress
  /// The word of pagemap.
  public var pagemap: UInt64
  /// The word in letters.
  public var words: String
}
