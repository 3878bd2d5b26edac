public import Machine
import Paging
import PhysicalMemory

/// Writes how many pages of each kind there are: of each size, with which rights, cached how.
public struct MapSummary: Sendable {
  private let query: MapQuery
  private let isOfAllSpaces: Bool

  /// Prepares the summary of what a map shows.
  public init(_ query: MapQuery, isOfAllSpaces: Bool) {
    self.query = query
    self.isOfAllSpaces = isOfAllSpaces
  }

  /// Writes the summary of each address space; shared tables count wherever they are used.
  public func write(_ machine: Machine, asJSON: Bool, to stream: ReportStream) {
    let spaces = isOfAllSpaces ? machine.addressSpaces : [machine.currentSpace]
    for (index, space) in spaces.enumerated() {
      let counts = query.count(machine, machine.paging(of: space)).pages.sorted { $0.key < $1.key }
      if asJSON {
        for (kind, pages) in counts {
          write(kind, pages, of: space, machine, to: &stream.buffer)
        }
      } else {
        if index > 0 { stream.buffer.endLine() }
        MachineHeader(machine, space: isOfAllSpaces ? space : nil).write(to: &stream.buffer)
        Self.write(counts, machine.paging, to: &stream.buffer)
      }
      guard stream.drain() else { return }
    }
  }

  private func write(
    _ kind: MapCounts.Kind, _ pages: UInt64, of space: AddressSpace, _ machine: Machine,
    to out: inout TextBuffer
  ) {
    out.openObject()
    if isOfAllSpaces { out.members(ofRoot: space, of: machine) }
    out.member("pages", pages)
    out.member("bytes", hex: pages &<< kind.pageShift)
    out.member("page_size", 1 << kind.pageShift as UInt64)
    out.members(of: kind.rights)
    if let type = machine.paging.memoryType(kind.memoryTypeIndex) {
      out.member("memory_type", type.rawValue)
    }
    out.closeLine()
  }

  private static func write(
    _ counts: [(key: MapCounts.Kind, value: UInt64)], _ paging: PagingState,
    to out: inout TextBuffer
  ) {
    guard !counts.isEmpty else { return out.write("nothing is mapped\n", .bold) }
    out.write("size  rights  memory  ", .dim)
    out.write("pages", .dim, rightAlignedIn: 20)
    out.write("bytes\n", .dim, rightAlignedIn: 23)
    for (kind, pages) in counts {
      out.write(Wording.pageSize(kind.pageShift), width: 6)
      let isSuspect = kind.rights.isSuperset(of: [.write, .execute])
      out.write(kind.rights.description, isSuspect ? .yellow : .plain, width: 8)
      let type = paging.memoryType(kind.memoryTypeIndex)?.rawValue
      out.write(type ?? "type \(kind.memoryTypeIndex)", width: 8)
      out.write("\(pages)", rightAlignedIn: 20)
      out.write((pages &<< kind.pageShift).hex, rightAlignedIn: 22)
      out.endLine()
    }
    out.endLine()
    out.write(sentence(counts), .bold)
    out.endLine()
  }

  private static func sentence(_ counts: [(key: MapCounts.Kind, value: UInt64)]) -> String {
    func sum(_ isCounted: (MapCounts.Kind) -> Bool) -> (pages: UInt64, bytes: UInt64) {
      counts.filter { isCounted($0.key) }.reduce((0, 0)) {
        ($0.0 &+ $1.value, $0.1 &+ $1.value &<< $1.key.pageShift)
      }
    }
    let all = sum { _ in true }
    let both = sum { $0.rights.isSuperset(of: [.write, .execute]) }
    let suspect =
      both.pages == 0
      ? "none both writable and executable"
      : "\(both.pages) of them both writable and executable"
    return "\(Wording.count(all.pages, "page")), \(all.bytes.hex) bytes, \(suspect)"
  }
}
