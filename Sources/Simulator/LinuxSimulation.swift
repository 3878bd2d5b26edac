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
  let memory: SimulatedMemory
  var processes: [LinuxProcessState] = []
  var files: [String: LinuxFile] = [:]
  var nextInode: UInt64 = 1
  var pages = LinuxPageTable()
  /// Anonymous pages that may be swapped out, the oldest first.
  var anonymous: [UInt64] = []
  var swap: LinuxSwap?
  /// Frames that were given back, to be taken in the same order.
  private var free: [UInt64] = []
  private var freeStart = 0
  private var untouched: [ClosedRange<UInt64>]
  private var named: Set<UInt64>
  private(set) var freeCount: Int
  let totalPages: UInt64
  /// The page of zeros, and the first frame of the huge one once it was needed.
  var zeroFrame: UInt64 = 0
  var hugeZeroFrame: UInt64?
  var wantedFrames: [UInt64] = []
  var report = StepReport(number: 0, title: "", process: "", note: nil)
  var journal = EntryJournal()
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
    entries = LinuxEntries(kernel, state)
    do throws(SystemError) {
      memory = try SimulatedMemory(machine.memory.runs, entrySize: 8)
    } catch {
      throw .mistake(.tooLarge, "\(error)", notes: [])
    }
    named = Set((scenario.timeline?.steps ?? []).flatMap(\.frames).map { $0.value / frameSize })
    let first = (scenario.machine.tables?.from?.value ?? frameSize) / frameSize
    untouched = memory.installed.compactMap { range in
      range.upperBound < first ? nil : max(range.lowerBound, first)...range.upperBound
    }
    // Frames below the first are taken by name only.
    let installed = memory.installed
    let below = named.count { frame in
      frame < first && installed.contains { $0.contains(frame) }
    }
    freeCount = untouched.reduce(below) { $0 + $1.count }
    totalPages = UInt64(freeCount)
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

  func start(_ name: String, pid: UInt64) throws(StepFailure) {
    guard !processes.contains(where: { $0.pid == pid }) else {
      throw .mistake(.duplicateItem, "pid \(pid) is already taken", notes: [])
    }
    let root = try takeTable()
    processes.append(LinuxProcessState(name: name, pid: pid, root: root * frameSize))
  }

  func process(_ reference: Scenario.ProcessReference?) throws(StepFailure) -> LinuxProcessState {
    let found: LinuxProcessState?
    switch reference {
    case nil: found = processes.first
    case .pid(let pid)?: found = processes.first { $0.pid == pid }
    case .name(let name)?: found = processes.first { $0.name == name }
    }
    guard let found else {
      throw .mistake("the process is not there at this step", notes: ["it has ended, or not begun"])
    }
    return found
  }

  func paging(of process: LinuxProcessState) -> PagingState {
    var state = state
    state.cr3 = process.root
    return state
  }

  func event(_ text: @autoclosure () -> String) {
    if report.events.count < StepReport.limit { report.events.append(text()) }
  }

  // MARK: - Frames

  /// Takes a frame filled with zeros: one that the step names, one that was never used, or one that
  /// was given back; where none is left, pages are reclaimed.
  func takeFrame() throws(StepFailure) -> UInt64 {
    if let wanted = wantedFrames.first {
      wantedFrames.removeFirst()
      guard named.remove(wanted) != nil, take(wanted) else {
        throw .mistake(.overlap, "frame \(wanted.hex) is in use or not installed", notes: [])
      }
      freeCount -= 1
      memory.zero(frame: wanted)
      return wanted
    }
    while true {
      if let frame = takeUntouched() ?? takeFree() {
        freeCount -= 1
        memory.zero(frame: frame)
        return frame
      }
      guard try reclaim() else { throw .linux(.killed) }
    }
  }

  private func takeUntouched() -> UInt64? {
    while let range = untouched.first {
      untouched[0...0] = range.count == 1 ? [] : [(range.lowerBound + 1)...range.upperBound]
      if !named.contains(range.lowerBound) { return range.lowerBound }
    }
    return nil
  }

  private func takeFree() -> UInt64? {
    guard freeStart < free.count else { return nil }
    defer {
      freeStart += 1
      if freeStart > 4096, freeStart * 2 > free.count {
        free.removeFirst(freeStart)
        freeStart = 0
      }
    }
    return free[freeStart]
  }

  /// Takes this frame, if nobody has it.
  private func take(_ frame: UInt64) -> Bool {
    guard pages[frame] == nil, memory.has(frame) else { return false }
    if let index = free[freeStart...].firstIndex(of: frame) { free.remove(at: index) }
    return true
  }

  /// Takes the frames of a huge page, on a boundary of its size; nil where there are none.
  func takeHuge() -> UInt64? {
    for (index, range) in untouched.enumerated() {
      let start = (range.lowerBound + Self.hugeFrames - 1) / Self.hugeFrames * Self.hugeFrames
      let last = start + Self.hugeFrames - 1
      guard last <= range.upperBound, named.allSatisfy({ $0 < start || $0 > last }) else {
        continue
      }
      var parts: [ClosedRange<UInt64>] = []
      if start > range.lowerBound { parts.append(range.lowerBound...(start - 1)) }
      if last < range.upperBound { parts.append((last + 1)...range.upperBound) }
      untouched.replaceSubrange(index...index, with: parts)
      freeCount -= Int(Self.hugeFrames)
      return start
    }
    return nil
  }

  func release(_ frame: UInt64) {
    pages[frame] = nil
    free.append(frame)
    freeCount += 1
  }

  func takeTable() throws(StepFailure) -> UInt64 {
    let frame = try takeFrame()
    pages[frame] = LinuxPage(isTable: true)
    return frame
  }

  // MARK: - Results

  var machine: Machine {
    let touched = pages.keys.filter { memory.has($0) }
    return Machine(
      memory: memory.image(touched: Array(touched)),
      paging: processes.first.map(paging(of:)) ?? state,
      addressSpaces: processes.map {
        AddressSpace(
          register: $0.root, pid: $0.pid, process: $0.name, foundBy: "scenario",
          areas: $0.memoryAreas)
      },
      system: .linux(system), format: Machine.scenarioFormat,
      size: (memory.installed.last.map { $0.upperBound + 1 } ?? 0) * frameSize)
  }

  /// The number of pages of each kind.
  func lists() -> [(String, Int)] {
    var (anonymous, file, cached) = (0, 0, 0)
    for page in pages.values where !page.isTable {
      if page.file != nil { file += 1 }
      if page.file == nil, !page.mappers.isEmpty { anonymous += 1 }
      if page.swap != nil { cached += 1 }
    }
    return [
      ("free", freeCount), ("anonymous", anonymous), ("file", file), ("swap cache", cached),
      ("swap", swap?.slots.count ?? 0),
    ]
  }
}
