import BitLayout
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// A Windows whose memory manager is a model: what the classifier says of a fault is what it does.
///
/// All state is in the simulated memory as a Windows of that version has it: page tables with a
/// self-map, records of processes, trees of VADs, control areas, prototype arrays, PFN database. The
/// classifier reads it from there.
final class WindowsSimulation {
  var system: WindowsSystem
  let kernel: WindowsKernel
  let entries: WindowsEntries
  let leaf: LeafBits
  let format: TableFormat
  let decoder: PTEDecoder
  let encoder: PTEEncoder
  let structures: WindowsStructures
  let composer: PFNComposer?
  /// The paging state; its root is that of the System process.
  var state: PagingState
  let rules: AccessRules
  let memory: SimulatedMemory
  var frames: FrameTable
  var processes = ProcessTable<WindowsProcessState>()
  var sections: [String: SectionState] = [:]
  var pageFiles: [PageFileState]
  /// How many entries of processes each prototype entry of combined pages has.
  var combineBlocks: [UInt64: Int] = [:]
  var space: KernelSpace
  /// The frames behind kernel addresses, by the number of the page.
  var kernelPages: [UInt64: UInt64] = [:]
  /// The page that the kernel shares with every program; nil while no step was about it.
  var sharedData: SharedPage?
  /// The frames that are set aside for the PFN database and its page tables.
  var databaseFrames: DatabaseFrames?
  var pool: KernelArena
  var prototypeArena: KernelArena
  var selfMap: SelfMap?
  /// The PFN database as everybody reads it; there is one once the System process is there.
  private(set) lazy var database = processes.first.flatMap { classifier(of: $0).pfnDatabase }
  let listHead: UInt64
  /// How many pages may be committed, and are.
  var commitLimit = UInt64.max
  var committed: UInt64 = 0
  /// What has ended the system; nil while it runs.
  var bugCheck: StepStatus?
  /// The frames that the step takes first.
  var wantedFrames: [Located<UInt64>] = []
  /// How much the reports of steps say.
  var detail = StepDetail.answers
  var report = StepReport()
  /// What the step has changed so far, as far as its report tells of it.
  var told = StepChanges()
  var journal = EntryJournal()
  var inspection = Inspection()
  /// The byte that writes of a step leave unless the step says another.
  var stepByte: UInt8 = 0

  /// The page tables of pages that the processor may use: present, written and accessed.
  let tableBits: UInt64

  init(_ machine: Machine, _ scenario: Scenario) throws(StepFailure) {
    let system = try Self.system(of: machine)
    kernel = system.kernel
    space = KernelSpace(kernel.format)
    self.system = system
    self.system.pools = space.poolBases(of: kernel)
    entries = WindowsEntries(
      kernel, system.invalidMask, store: system.virtualStore, pools: self.system.pools)
    decoder = self.system.decoder
    encoder = entries.encoder
    structures = WindowsStructures(kernel)
    composer = PFNComposer(kernel, structures)
    state = try Self.registers(machine.paging)
    rules = AccessRules(state)
    leaf = try Self.leaf(entries, state, kernel)
    format = TableFormat(state, kernel)
    tableBits = Self.tableBits(entries, state)
    memory = try SimulatedMemory.of(machine, scenario, entrySize: state.entrySize)
    frames = Self.frames(of: memory, scenario)
    pageFiles = try Self.pageFiles(scenario.windows, store: system.virtualStore)
    if let said = scenario.windows?.pfnDatabaseAddress { space.pfnDatabase = said.value }
    pool = KernelArena(start: space.pool)
    prototypeArena = KernelArena(start: space.prototypes)
    listHead = pool.take(16)
    do throws(StepFailure) { try begin(scenario) } catch { throw error.atBoot(scenario) }
  }

  /// Whether what changes is noted for the report of a step.
  var isReported: Bool {
    get { frames.isJournaled }
    set { (frames.isJournaled, journal.isOpen) = (newValue, newValue) }
  }

  /// The process that a step is about.
  func process(
    _ reference: Located<Scenario.ProcessReference>?
  ) throws(StepFailure) -> WindowsProcessState {
    let found: WindowsProcessState? =
      switch reference?.value {
      case nil: firstProgram
      case .pid(let pid)?: processes[pid: pid]
      case .name(let name)?: processes[name: name]
      }
    guard let found else { throw .absent(reference) }
    return found
  }

  /// The process that began first, after the System process; nil where all have ended.
  var firstProgram: WindowsProcessState? { processes.dropFirst().first { _ in true } }

  /// The paging state of a process.
  func paging(of process: WindowsProcessState) -> PagingState {
    var state = state
    state.cr3 = process.root
    return state
  }

  /// The entry that says `form`, with more fields set by their names.
  func word(
    _ form: PTEForm, setting fields: [PTEEncoder.FieldValue] = []
  ) throws(StepFailure) -> UInt64 {
    do throws(PTEEncodingError) {
      return try encoder.entry(form, setting: fields)
    } catch {
      throw .mistake(.notForSystem, "\(kernel.id) has no such entry: \(error)", notes: [])
    }
  }

  /// The five bits of a protection that the scenario words.
  func protection(_ said: Scenario.Protection) -> MMProtection {
    switch said {
    case .number(let bits): return MMProtection(rawValue: UInt8(bits)) ?? .zeroAccess
    case .words(let word, let modifier):
      let wanted: MMProtection.Modifier =
        switch modifier {
        case .guard?: .guardPage
        case .noCache?: .nocache
        case .writeCombine?: .writecombine
        default: .none
        }
      return word == .noAccess
        ? .noAccess : MMProtection(base: "PAGE_\(word.rawValue)", modifier: wanted) ?? .zeroAccess
    }
  }

  func event(_ text: @autoclosure () -> String) {
    told.note(text, at: detail)
  }
}

/// Hands out kernel addresses, and takes back what is freed.
struct KernelArena {
  let start: UInt64
  /// The address at which the next part of the kernel begins.
  var limit = UInt64.max
  private(set) var end: UInt64
  /// Up to where the pages have frames.
  var mappedEnd: UInt64
  private var free: [UInt64: [UInt64]] = [:]

  init(start: UInt64) { (self.start, end, mappedEnd) = (start, start, start) }

  /// Whether there is an address for `size` bytes.
  func hasRoom(for size: UInt64) -> Bool {
    free[whole(size)]?.isEmpty == false || whole(size) <= limit - end
  }

  /// An address for `size` bytes, for which there is room, on a boundary of 16.
  mutating func take(_ size: UInt64) -> UInt64 {
    let size = whole(size)
    if let address = free[size]?.popLast() { return address }
    defer { end += size }
    return end
  }

  mutating func give(_ address: UInt64, _ size: UInt64) {
    free[whole(size), default: []].append(address)
  }

  private func whole(_ size: UInt64) -> UInt64 { (size + 15) / 16 * 16 }
}
