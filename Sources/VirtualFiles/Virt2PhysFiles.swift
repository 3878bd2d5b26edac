public import Machine
import Paging
public import PhysicalMemory
import Report

/// The files that MemProcFS has in a folder `virt2phys`, about one virtual address: the address, where
/// it leads, the tables on the way and the page.
///
/// Names, sizes and bytes are those of MemProcFS 5.19. What the walk does not reach is zeros, as there;
/// what the image does not hold has no bytes.
public struct Virt2PhysFiles: Sendable {
  /// One of the files.
  public enum File: Hashable, Sendable {
    /// The address asked about.
    case virtualAddress
    /// Where it leads.
    case physicalAddress
    /// A line for each table.
    case map
    /// The table whose entries are of this level.
    case table(level: Int)
    /// The 4 KiB that hold the address.
    case page
    /// What all this is.
    case readme
  }

  let machine: Machine
  private let paging: PagingState
  /// The walk that the files are about.
  public let walk: Walk

  /// Walks the tables under the machine's own root.
  ///
  /// - Parameters:
  ///   - machine: the machine.
  ///   - address: the virtual address.
  ///   - isUserOnly: whether the walk ends at an entry that user mode may not use; nil asks whose root it is.
  public init(_ machine: Machine, _ address: VirtualAddress, isUserOnly: Bool? = nil) {
    self.machine = machine
    paging = machine.paging.half(of: address)
    let walk = machine.walk(address)
    self.walk = isUserOnly ?? machine.isUserOnly ? walk.ofUser : walk
  }

  /// The files that there are, whatever the address.
  public static func files(of machine: Machine) -> [File] {
    let levels = machine.paging.allHalves.map(\.topLevel).max() ?? 0
    return [.virtualAddress, .physicalAddress, .map]
      + stride(from: levels, through: 1, by: -1).map { .table(level: $0) } + [.page, .readme]
  }

  /// The name of a file.
  public static func name(of file: File, in machine: Machine) -> String {
    switch file {
    case .virtualAddress: "virt.txt"
    case .physicalAddress: "phys.txt"
    case .map: "map.txt"
    case .page: "page.mem"
    case .readme: "readme.txt"
    case .table(let level):
      machine.paging.isARM64
        ? "pt_lvl\(4 - level).mem" : "pt_\(["pt", "pd", "pdpt", "pml4", "pml5"][level - 1]).mem"
    }
  }

  /// What is in a file.
  public func contents(of file: File) -> FileContents {
    switch file {
    case .virtualAddress: .text(digits(walk.address.rawValue, machine.paging.addressDigits))
    case .physicalAddress: .text(digits(walk.result.translation?.address.rawValue ?? 0, 16))
    case .map: .bytes(map)
    case .page: page
    case .readme: .text(Readme.virt2phys)
    case .table(let level): table(level)
    }
  }

  private var map: [UInt8] {
    var out = TextBuffer()
    _ = WalkStyle.memprocfs.write(walk, of: machine, to: &out)
    return out.bytes
  }

  private var page: FileContents {
    guard let found = walk.result.translation else { return .zeros(frameSize) }
    return .physical(found.address.frameStart, count: frameSize)
  }

  private func table(_ level: Int) -> FileContents {
    guard level <= paging.topLevel, let step = walk.steps.first(where: { $0.level == level })
    else { return .zeros(frameSize) }
    let offset = step.index * UInt64(paging.entrySize)
    let table = PhysicalAddress(step.entryAddress.rawValue &- offset)
    // A top table may be smaller than a frame, and those of larger granules take several.
    let size = max(frameSize, UInt64(paging.entryCount(level) * paging.entrySize))
    return .physical(table.frameStart, count: size)
  }
}

/// A number as MemProcFS writes it.
func digits(_ number: UInt64, _ count: Int) -> String {
  String(number.hex(digits: count).dropFirst(2))
}

extension PagingState {
  /// How many digits MemProcFS gives a virtual address.
  var addressDigits: Int { mode.lastAddress == UInt64.max ? 16 : 8 }
}

extension PhysicalAddress {
  /// The first address of the 4-KiB frame.
  var frameStart: PhysicalAddress { PhysicalAddress(rawValue & ~(frameSize - 1)) }
}
