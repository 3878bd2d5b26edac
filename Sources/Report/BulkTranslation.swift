public import Machine
import Paging
public import PhysicalMemory

/// Translates many addresses and writes a line for each.
public struct BulkTranslation {
  private let machine: Machine
  private var lines: ResultLines

  /// Prepares the translation of addresses under the root that questions are about.
  public init(_ machine: Machine, asJSON: Bool) {
    self.machine = machine
    let json = WalkJSON(machine.paging)
    lines = ResultLines(
      memory: machine.memory, mode: machine.paging.mode, json: asJSON ? json : nil)
  }

  /// Translates addresses in their order; false when nobody reads the lines any more.
  public mutating func translate(_ addresses: [VirtualAddress], to stream: ReportStream) -> Bool {
    var rest = addresses[...]
    while !rest.isEmpty {
      let batch = Array(rest.prefix(Self.batchSize))
      rest = rest.dropFirst(Self.batchSize)
      swap(&lines.out, &stream.buffer)
      machine.paging.translate(batch.span, in: machine.memory, into: &lines)
      swap(&lines.out, &stream.buffer)
      guard stream.drain() else { return false }
    }
    return true
  }

  /// Small enough for the lines of a batch to stay in the cache.
  private static let batchSize = 1024
}

/// Writes each result as it comes.
private struct ResultLines: WalkSink {
  let memory: MemoryImage
  let mode: PagingMode
  let json: WalkJSON?
  var out = TextBuffer()

  mutating func receive(_ result: WalkResult, for address: VirtualAddress) {
    let isInImage = result.translation.map { memory.holdsFrame(of: $0.address) } ?? true
    if let json {
      json.write(result, for: address, isInImage: isInImage, to: &out)
    } else {
      write(result, for: address, isInImage: isInImage)
    }
  }

  private mutating func write(
    _ result: WalkResult, for address: VirtualAddress, isInImage: Bool
  ) {
    out.hex(address.rawValue, digits: mode.addressDigits)
    out.spaces(2)
    switch result {
    case .mapped(let translation):
      out.hex(translation.address.rawValue, digits: 16)
      out.spaces(2)
      out.write(Wording.pageSize(translation.pageShift), rightAlignedIn: 2)
      out.spaces(2)
      out.write(translation.rights.description)
      if !isInImage { out.write("  not in the image", .yellow) }
    case .stopped(let stop): write(stop, result.outcome)
    }
    out.endLine()
  }

  private mutating func write(_ stop: WalkStop, _ outcome: WalkOutcome) {
    let style: TextStyle = outcome == .notPresent ? .dim : outcome == .missing ? .yellow : .red
    out.write(outcome.rawValue, style)
    guard stop.level > 0 else { return }
    out.write(" at \(mode.entryName(stop.level)) \(stop.entryAddress)")
    switch stop.cause {
    case .notPresent: out.write(" = \(stop.entry.hex)")
    case .reservedBits(let bits): out.write(" = \(stop.entry.hex), bits \(bits.hex)")
    case .missing, .nonCanonical: break
    }
  }
}
