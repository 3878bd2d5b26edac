import BitLayout
import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// A Linux whose memory manager is a model, on x86-64.
///
/// Page tables are in the simulated memory as a kernel of that version writes them; what the kernel
/// keeps beside them, areas, `struct page`, page cache and swap areas, is kept here.
final class LinuxSimulation {
  let kernel: LinuxKernel
  let entries: LinuxEntries
  let state: PagingState
  let rules: AccessRules
  let format: FourLevelFormat
  let memory: SimulatedMemory
  var processes = ProcessTable<LinuxProcessState>()
  var files: [String: LinuxFile] = [:]
  var nextInode: UInt64 = 1
  var pages = PageRecords()
  /// The entries that changed since the invariants were looked at.
  var changes = EntryChanges()
  /// Pages that may be swapped out: anonymous ones and those of shared memory.
  var swappable = PageQueue()
  /// Pages of files, which may be dropped once their file has what was written to them.
  var filePages = PageQueue()
  var swap: LinuxSwap?
  private var free: FreeFrames
  let totalPages: UInt64
  /// The page of zeros, and the first frame of the huge one once it was needed.
  var zeroFrame: UInt64 = 0
  var hugeZeroFrame: UInt64?
  var wantedFrames: [Located<UInt64>] = []
  /// Who does the step; nil before the first.
  var current: LinuxProcessState?
  /// A child that fork has not finished: nobody else knows of it yet.
  var unborn: LinuxProcessState?
  /// How much the reports of steps say.
  var detail = StepDetail.answers
  var report = StepReport()
  /// What the step has changed so far, as far as its report tells of it.
  var told = StepChanges()
  var journal = EntryJournal()
  /// The system as the classifier knows it while nothing is in a cache or in swap: made once, as each fault
  /// begins with it.
  private(set) lazy var nothingCached: LinuxSystem = {
    var caches = PageCaches()
    caches.knownAreas = [0]
    caches.areFilesKnown = true
    var system = LinuxSystem(kernel, foundBy: "scenario")
    system.caches = caches
    return system
  }()
  var stepByte: UInt8 = 0

  init(_ machine: Machine, _ scenario: Scenario, _ id: String) throws(StepFailure) {
    guard machine.paging.mode == .x86_64 else {
      throw .mistake(
        .notForSystem, "timelines of Linux are simulated in the mode x86-64", notes: [])
    }
    do throws(LinuxKernelError) {
      kernel = try LinuxKernel(id: id, mode: .x86_64)
    } catch {
      throw .mistake(.unknownSystem, "\(error)", notes: [])
    }
    state = machine.paging
    rules = AccessRules(state)
    format = FourLevelFormat(state)
    entries = LinuxEntries(kernel, state)
    memory = try SimulatedMemory.of(machine, scenario, entrySize: Int(Format.entrySize))
    free = FreeFrames(
      installed: memory.installed,
      from: (scenario.machine.tables?.from?.value ?? frameSize) / frameSize,
      named: Set((scenario.timeline?.steps ?? []).flatMap(\.frames).map { $0.value / frameSize }))
    totalPages = UInt64(free.count)
    do throws(StepFailure) { try boot(scenario) } catch { throw error.atBoot(scenario) }
  }

  /// What is there before the first step: the page of zeros, and the processes.
  private func boot(_ scenario: Scenario) throws(StepFailure) {
    zeroFrame = try takeFrame()
    pages[zeroFrame] = LinuxPage()
    switch scenario.spaces {
    case .processes(let list):
      for item in list {
        try start(
          item.name?.value ?? "process", pid: item.pid?.value ?? UInt64(100 + processes.count))
      }
    default: try start(scenario.id.value, pid: 100)
    }
  }

  @discardableResult
  func start(_ name: String, pid: UInt64) throws(StepFailure) -> LinuxProcessState {
    guard processes[pid: pid] == nil else {
      throw .mistake(.duplicateItem, "pid \(pid) is already taken", notes: [])
    }
    let root = try takeTable()
    let process = LinuxProcessState(name: name, pid: pid, root: root * frameSize)
    processes.append(process)
    return process
  }

  /// The process that a step is about.
  func process(
    _ reference: Located<Scenario.ProcessReference>?
  ) throws(StepFailure) -> LinuxProcessState {
    guard let found = living(reference?.value) else { throw .absent(reference) }
    return found
  }

  /// A process, the first unless one is named; nil where it has ended, or not begun.
  func living(_ reference: Scenario.ProcessReference?) -> LinuxProcessState? {
    switch reference {
    case nil: processes.first
    case .pid(let pid)?: processes[pid: pid]
    case .name(let name)?: processes[name: name]
    }
  }

  func paging(of process: LinuxProcessState) -> PagingState {
    var state = state
    state.cr3 = process.root
    return state
  }

  func event(_ text: @autoclosure () -> String) {
    told.note(text, at: detail)
  }

  // MARK: - Frames

  /// Takes a frame filled with zeros: one that the step names, one that was never used, or one that
  /// was given back; where none is left, pages are reclaimed.
  func takeFrame() throws(StepFailure) -> UInt64 {
    if let wanted = wantedFrames.first {
      wantedFrames.removeFirst()
      let frame = wanted.value / frameSize
      guard free.take(named: frame) else { throw .taken(wanted) }
      memory.zero(frame: frame)
      return frame
    }
    while true {
      if let frame = free.takeUntouched() {
        memory.noteTaken(frame)
        return frame
      }
      if let frame = free.takeReturned() {
        memory.zero(frame: frame)
        return frame
      }
      if !reclaim() { try killForMemory() }
    }
  }

  /// Takes the frames of a huge page, on a boundary of its size; nil where there are none.
  func takeHuge() -> UInt64? { free.takeAligned(Self.hugeFrames) }

  var freeCount: Int { free.count }

  func release(_ frame: UInt64) {
    pages[frame] = nil
    free.release(frame)
  }

  func takeTable() throws(StepFailure) -> UInt64 {
    let frame = try takeFrame()
    pages[frame] = LinuxPage(isTable: true)
    return frame
  }

  // MARK: - Results

  var machine: Machine {
    let touched = pages.all.map(\.key).filter { memory.has($0) }
    return Machine(
      memory: memory.image(touched: touched),
      paging: processes.first.map(paging(of:)) ?? state,
      addressSpaces: processes.map {
        AddressSpace(
          register: $0.root, pid: $0.pid, process: $0.name, foundBy: "scenario",
          areas: $0.memoryAreas)
      },
      system: .linux(system), format: Machine.scenarioFormat,
      size: (memory.installed.last.map { $0.upperBound + 1 } ?? 0) * frameSize)
  }

  static let listNames = ["free", "anonymous", "file", "swap cache", "swap"]

  /// The number of pages of each kind, in the order of their names.
  var listCounts: [5 of Int] {
    [freeCount, pages.anonymous, pages.files, pages.swapCached, swap?.slots.count ?? 0]
  }
}
