import Paging
import PhysicalMemory
import WindowsMemory

/// The format of a mode's page tables, chosen once: what a timeline asks of every entry that changes.
struct TableFormat {
  private enum Kind {
    case twoLevel(TwoLevelFormat)
    case pae(PAEFormat)
    case fourLevel(FourLevelFormat)
    /// Machines with bits of their own in entries.
    case other(PagingState)
  }

  private let kind: Kind
  private let shifts: [UInt64]
  private let counts: [Int]
  let topLevel: Int
  let entrySize: Int
  /// From which bit on one says that an address is the system's.
  private let systemBit: UInt64

  init(_ state: PagingState, _ kernel: WindowsKernel) {
    switch (state.mode, state.hasAttributes) {
    case (.x86, false): kind = .twoLevel(TwoLevelFormat(state))
    case (.pae, false): kind = .pae(PAEFormat(state))
    case (.x86_64, false): kind = .fourLevel(FourLevelFormat(state))
    default: kind = .other(state)
    }
    let levels = 1...state.topLevel
    (topLevel, entrySize) = (state.topLevel, state.entrySize)
    shifts = [0] + levels.map { state.pageShift($0) }
    // The page of the top table of arm64 has the entries of both halves.
    counts =
      [0] + levels.map { state.isARM64 ? Int(frameSize) / state.entrySize : state.entryCount($0) }
    systemBit = kernel.format.isThirtyTwoBit ? 31 : 63
  }

  /// How many bits of an address an entry of a level does not look at.
  func pageShift(_ level: Int) -> UInt64 { shifts[level] }

  func entryCount(_ level: Int) -> Int { counts[level] }

  /// The first address that entry `index` of the table translates which starts at `start`.
  func address(_ start: UInt64, level: Int, index: Int) -> UInt64 {
    if case .other(let state) = kind {
      return state.address(start, level: level, index: index)
    }
    let address = start &+ UInt64(index) << shifts[level]
    guard level == topLevel, case .fourLevel(let format) = kind else { return address }
    return format.canonical(address)
  }

  /// What an entry of a level says.
  @inline(__always)
  func meaning(of entry: UInt64, level: Int) -> EntryMeaning {
    switch kind {
    case .twoLevel(let format): format.meaning(of: entry, level: level)
    case .pae(let format): format.meaning(of: entry, level: level)
    case .fourLevel(let format): format.meaning(of: entry, level: level)
    case .other(let state): state.meaning(of: entry, level: level)
    }
  }

  /// Whether an address is a program's.
  func isUser(_ address: UInt64) -> Bool { address &>> systemBit == 0 }
}
