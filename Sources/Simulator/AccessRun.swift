import Paging
import PhysicalMemory
import ScenarioFile

extension Access {
  init(_ statement: Scenario.AccessStatement) {
    let privilege: Privilege = statement.privilege == .user ? .user : .supervisor
    switch statement.kind {
    case .read: self.init(.read, as: privilege)
    case .write: self.init(.write, as: privilege)
    case .execute: self.init(.execute, as: privilege)
    case .shadowStackRead: self.init(.shadowStackRead, as: privilege)
    case .shadowStackWrite: self.init(.shadowStackWrite, as: privilege)
    }
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
    let size = statement.range.upperBound - start
    places = size == 0 ? 1 : size / stride + 1
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
  let memory: SimulatedMemory
  /// What each write puts into the rest of its page, and then at its place.
  private let fill: UInt8?
  private let data: [UInt8]?
  /// The byte that a write leaves where the step says nothing.
  var filler: UInt8 = 0
  var writesNothing = false
  var sequence: AccessSequence
  /// How many accesses were made.
  var made = 0
  var hasMoved = false
  /// The access that faulted, and what came of it, where the run ended with one.
  private(set) var stop: (address: UInt64, result: AccessResult)?
  /// The first changes that the processor made to entries.
  var updates: [(update: EntryUpdate, address: UInt64)] = []

  init(
    _ statement: Scenario.AccessStatement, _ access: Access, rules: AccessRules,
    memory: SimulatedMemory
  ) {
    (self.access, self.rules, self.memory) = (access, rules, memory)
    (fill, data) = (statement.fill, statement.data)
    sequence = AccessSequence(statement)
  }

  /// Makes accesses up to the end, or to one that faults; says whether it has come to the end.
  ///
  /// The fault is kept here: a result that is mostly nil is large, and to hand it over would make the processor
  /// wait for the program's writes.
  mutating func run(_ walker: some TableWalker) -> Bool {
    while !sequence.isFinished {
      let address = sequence.next
      let result = walker.access(VirtualAddress(address), access, rules: rules)
      guard case .translated(let translation, let changes) = result else {
        stop = (address, result)
        return false
      }
      for change in changes {
        if updates.count < StepChanges.limit { updates.append((change, address)) }
        memory.store(entry: change.after, at: change.address.rawValue)
      }
      if access.isWrite, !writesNothing { write(translation.address.rawValue) }
      made += 1
      hasMoved = true
      sequence.advance()
    }
    return true
  }

  /// Writes what the step says, as far as the page goes.
  private func write(_ place: UInt64) {
    let room = Int(frameSize - place % frameSize)
    if let fill { memory.fill(fill, at: place, count: room) }
    if let data {
      memory.store(Array(data.prefix(room)), at: place)
    } else if fill == nil {
      memory.store(UInt64(filler), at: place, size: 1)
    }
  }
}
