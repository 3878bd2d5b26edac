import Paging
import PhysicalMemory
public import WindowsMemory

/// Finding Windows in memory that does not say where it is.
extension Machine {
  /// Looks for a root where none is known.
  ///
  /// First in the code by which Windows starts processors, then by the self-map of tables. Nothing
  /// doubtful is taken.
  mutating func findRoot() {
    if paging.mode == .x86_64, let stub = LowStub.find(in: memory) {
      let place = "start-up code of processors at \(stub.page)"
      addressSpaces.append(AddressSpace(register: stub.root, foundBy: "\(place): sure"))
      addressSpaces[addressSpaces.count - 1].sureness = .sure
    }
    let found = RootSearch(memory, paging)?.roots().filter { $0.sureness != .doubtful } ?? []
    // The table with most of a kernel half is the best to read the kernel by.
    let best = found.min {
      ($0.sureness, -$0.kernelEntries, $0.root.rawValue)
        < ($1.sureness, -$1.kernelEntries, $1.root.rawValue)
    }
    add((best.map { [$0] } ?? []) + found.filter { $0 != best }) { ($0.words, $0.sureness) }
    if let first = addressSpaces.first { paging.cr3 = first.register }
  }

  /// Adds those that are no roots of address spaces yet, with how they were found and how sure they are.
  private mutating func add(
    _ roots: [FoundRoot], _ origin: (FoundRoot) -> (words: String, sureness: Sureness)
  ) {
    var known = Set(addressSpaces.map { paging(of: $0).root })
    for root in roots where known.insert(root.root).inserted {
      let (words, sureness) = origin(root)
      addressSpaces.append(
        AddressSpace(
          register: root.root.rawValue, foundBy: "\(words): \(sureness.rawValue)"))
      addressSpaces[addressSpaces.count - 1].sureness = sureness
    }
  }

  /// Searches all of memory for what nobody has named: top tables, and records of processes.
  ///
  /// How each known root looks is added to how it was found, and what was only assumed of the entries is
  /// inferred from those below the roots that are known now.
  public mutating func searchWindows() {
    guard var system = system.windows, let search = RootSearch(memory, systemPaging) else { return }
    let roots = search.roots()
    describe(roots)
    let known = addressSpaces.compactMap { $0.record?.record }
    let trusted = roots.filter { $0.sureness != .doubtful }.map(\.root)
    let records = RecordSearch(system, memory, systemPaging)?.records(of: trusted) ?? []
    if system.processListHead == nil, let head = listHead(of: records) {
      system.processListHead = head
      system.origins[.processList] = .init(
        .inferred,
        "the one link in the ring of \(records.count(where: \.isLinked)) records that is in none")
      self.system = .windows(system)
      readProcesses()
      describe(roots)
    }
    let listed = Set(addressSpaces.compactMap { $0.record?.record } + known)
    for found in records where !listed.contains(found.process.record) { take(found) }
    add(roots) { ("\($0.words), no record names it", max($0.sureness, .likely)) }
    describe(roots)
    inferEntries()
    noteSystem()
  }

  /// The paging state with a root that has a kernel half.
  private var systemPaging: PagingState {
    var state = paging
    if let root = system.windows?.systemRoot { state.cr3 = root }
    return state
  }

  private mutating func describe(_ roots: [FoundRoot]) {
    let roots = Dictionary(roots.map { ($0.root, $0) }) { first, _ in first }
    for index in addressSpaces.indices {
      let space = addressSpaces[index]
      let root = paging(of: space).root
      guard !space.foundBy.contains("self-map") else { continue }
      let isUserRoot = space.record?.userDirectoryTableBase == space.register
      if let found = roots[root] {
        addressSpaces[index].foundBy += "; \(found.words): \(found.sureness.rawValue)"
        addressSpaces[index].sureness = found.sureness
      } else if !isUserRoot {
        addressSpaces[index].foundBy += "; no self-map there: doubtful"
        addressSpaces[index].sureness = .doubtful
      }
    }
  }

  private mutating func take(_ found: RecordSearch.Found) {
    let process = found.process
    let isListKnown = system.windows?.processListHead != nil
    let place =
      "record at \(process.record)" + (isListKnown ? ", not in the list of processes" : "")
    let foundBy = "\(place): \(found.sureness.rawValue)"
    let root = { (space: AddressSpace, machine: Machine) in machine.paging(of: space).root }
    let known = addressSpaces.firstIndex {
      var state = paging
      state.cr3 = process.directoryTableBase
      return root($0, self) == state.root && $0.record == nil
    }
    guard let known else {
      addressSpaces.append(
        AddressSpace(
          register: process.directoryTableBase, pid: process.pid, process: process.name,
          foundBy: foundBy, record: process))
      return
    }
    addressSpaces[known].pid = process.pid
    addressSpaces[known].process = process.name
    addressSpaces[known].record = process
    addressSpaces[known].foundBy += "; \(foundBy)"
  }

  /// The head of the list that records are in: the one link of the ring that is in no record.
  private func listHead(of records: [RecordSearch.Found]) -> VirtualAddress? {
    guard let system = system.windows, let structure = WindowsStructures(system.kernel).process
    else { return nil }
    let links = structure.activeProcessLinks
    let known = Set(records.map { $0.process.record.advanced(by: links.offset) })
    guard let start = records.first(where: \.isLinked) else { return nil }
    let kernel = system.kernelMemory(memory, systemPaging)
    let first = start.process.record.advanced(by: links.offset)
    var (link, strangers, steps) = (first, [VirtualAddress](), 0)
    repeat {
      guard let next = try? kernel.number(at: link, size: links.size / 2), steps < 1 << 16 else {
        return nil
      }
      link = VirtualAddress(next)
      steps += 1
      guard !known.contains(link) else { continue }
      let record = VirtualAddress(link.rawValue &- links.offset)
      // Processes whose recorded root is none are in the list all the same.
      if !RecordSearch.isRecord(record, kernel, structure) { strangers.append(link) }
    } while link != first
    return strangers.count == 1 ? strangers[0] : nil
  }

  /// The machine as a search finds it that is told the paging mode and the kernel only.
  public func searchedAnew() -> Machine {
    var machine = self
    machine.addressSpaces = []
    machine.provenance = []
    machine.windowsHeader = nil
    machine.system = .none
    machine.paging.cr3 = 0
    machine.findRoot()
    if let kernel = system.windows?.kernel {
      machine.system = .windows(WindowsSystem(kernel, from: .init(.given, "scenario")))
    }
    machine.searchWindows()
    machine.noteSystem()
    return machine
  }

  /// Whether the page directory of the first address is found through a self-map.
  func leadsToTables(_ map: SelfMap) -> Bool {
    var machine = self
    machine.paging = systemPaging
    let entry = machine.walk(VirtualAddress(0)).steps.first { $0.level == 2 }?.entryAddress
    let found = map.address(of: VirtualAddress(0), level: 2).map { machine.walk($0).result }
    return entry != nil && found?.translation?.address == entry
  }

  /// The self-map of the root with a kernel half; nil where none is found or known.
  public var selfMap: SelfMap? {
    SelfMap(of: systemPaging, in: memory, build: system.windows?.kernel.id.build)
  }
}
