import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Accesses of programs.
extension WindowsSimulation {
  func access(
    _ statement: Scenario.AccessStatement, _ process: WindowsProcessState
  ) throws(StepFailure) {
    let access = Access(statement)
    var sequence = AccessSequence(statement)
    // A fault can change what an address means, never how the processor reads it.
    let state = paging(of: process)
    var run = AccessRun(access: access, rules: AccessRules(state), data: statement, memory: memory)
    run.filler = stepByte
    var attempts = 0
    var filtered: UInt64?
    while true {
      run.sequence = sequence
      let stop = state.perform(&run, on: memory.image)
      sequence = run.sequence
      report.accesses += run.made
      run.made = 0
      for (update, address) in run.updates { note(update, address, process) }
      run.updates.removeAll(keepingCapacity: true)
      guard let stop else { return }
      // Every fault must bring the access nearer to its end.
      attempts = run.hasMoved ? 1 : attempts + 1
      if run.hasMoved { filtered = nil }
      run.hasMoved = false
      guard attempts <= Self.faultLimit else {
        throw .mistake("\(stop.address.hex) faults again and again: the model has a mistake")
      }
      switch try fault(at: stop.address, access, stop.result, process) {
      case .retry: continue
      case .hit(let status):
        let page = page(of: stop.address)
        // A filter that has done what it can lets the exception pass.
        if statement.commitsOnViolation, status.name == NTStatus.accessViolation.name,
          filtered != page, try filterCommits(page, process)
        {
          filtered = page
          continue
        }
        report.status = status
        return
      }
    }
  }

  /// The exception filter commits a page; false where it may not.
  private func filterCommits(
    _ page: UInt64, _ process: WindowsProcessState
  ) throws(StepFailure) -> Bool {
    do throws(StepFailure) {
      try commit(page...(page + frameSize - 1), Self.readWrite, process)
    } catch {
      guard case .status(let status) = error else { throw error }
      event("the exception filter cannot commit the page at \(page.hex): \(status.name)")
      return false
    }
    event("the exception filter commits the page at \(page.hex)")
    return true
  }

  /// More faults than this for one access are a mistake of the model.
  private static let faultLimit = 16

  /// What the processor set is part of what the step changed.
  private func note(_ update: EntryUpdate, _ address: UInt64, _ process: WindowsProcessState) {
    journal.note(
      EntryJournal.Change(
        place: update.address.rawValue, before: update.before, level: update.level,
        address: address, isPrototype: false, process: process.name),
      at: update.address.rawValue)
  }
}

extension Access {
  init(_ statement: Scenario.AccessStatement) {
    self.init(
      Kind(rawValue: statement.kind.rawValue) ?? .read,
      as: Privilege(rawValue: statement.privilege.rawValue) ?? .user)
  }
}

/// The addresses of a sequence of accesses, one after the other.
struct AccessSequence {
  private let start: UInt64
  private let stride: UInt64
  private let places: UInt64
  private var left: UInt64
  private var index: UInt64 = 0
  private var random: SplitMix64?
  /// The address of the next access.
  private(set) var next: UInt64

  init(_ statement: Scenario.AccessStatement) {
    start = statement.range.lowerBound
    stride = max(1, statement.stride)
    places = (statement.range.upperBound - start) / stride + 1
    left = statement.count ?? places
    random = statement.seed.map { SplitMix64(seed: $0) }
    next = start
    choose()
  }

  var isFinished: Bool { left == 0 }

  mutating func advance() {
    left -= 1
    if random != nil {
      choose()
    } else {
      index = index + 1 == places ? 0 : index + 1
      next = start + index * stride
    }
  }

  /// Goes to a place at random, where the sequence has a seed.
  private mutating func choose() {
    guard let place = random?.next(below: places) else { return }
    next = start + place * stride
  }
}

/// Makes accesses until one faults, on the walker compiled for the mode and the memory.
struct AccessRun: WalkerOperation {
  let access: Access
  let rules: AccessRules
  let data: Scenario.AccessStatement
  let memory: SimulatedMemory
  var filler: UInt8 = 0
  var writesNothing = false
  var sequence: AccessSequence
  /// How many accesses were made.
  var made = 0
  var hasMoved = false
  /// The first changes that the processor made to entries.
  var updates: [(update: EntryUpdate, address: UInt64)] = []

  init(
    access: Access, rules: AccessRules, data: Scenario.AccessStatement, memory: SimulatedMemory
  ) {
    (self.access, self.rules, self.data, self.memory) = (access, rules, data, memory)
    sequence = AccessSequence(data)
  }

  mutating func run(_ walker: some TableWalker) -> (address: UInt64, result: AccessResult)? {
    while !sequence.isFinished {
      let address = sequence.next
      let result = walker.access(VirtualAddress(address), access, rules: rules)
      guard case .translated(let translation, let changes) = result else {
        return (address, result)
      }
      for change in changes {
        if updates.count < StepReport.limit { updates.append((change, address)) }
        memory.store(entry: change.after, at: change.address.rawValue)
      }
      if access.isWrite, !writesNothing { write(translation.address.rawValue) }
      made += 1
      hasMoved = true
      sequence.advance()
    }
    return nil
  }

  /// Writes what the step says, as far as the page goes.
  private func write(_ place: UInt64) {
    let room = Int(frameSize - place % frameSize)
    if let fill = data.fill { memory.fill(fill, at: place, count: room) }
    if let bytes = data.data {
      memory.store(Array(bytes.prefix(room)), at: place)
    } else if data.fill == nil {
      memory.store(UInt64(filler), at: place, size: 1)
    }
  }
}
