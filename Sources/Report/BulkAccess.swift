public import Machine
public import Paging
import PhysicalMemory

/// Decides many accesses and writes a line for each.
public struct BulkAccess {
  private let machine: Machine
  private var lines: AccessLines

  /// Prepares accesses under the root that questions are about.
  public init(_ machine: Machine, asJSON: Bool) {
    self.machine = machine
    lines = AccessLines(
      memory: machine.memory, paging: machine.paging, json: asJSON ? AccessJSON() : nil)
  }

  /// Decides accesses in their order; false when nobody reads the lines any more.
  public mutating func decide(_ questions: [AccessQuestion], to stream: ReportStream) -> Bool {
    var rest = questions[...]
    while !rest.isEmpty {
      let batch = Array(rest.prefix(Self.batchSize))
      rest = rest.dropFirst(Self.batchSize)
      swap(&lines.out, &stream.buffer)
      machine.paging.access(batch, in: machine.memory, into: &lines)
      swap(&lines.out, &stream.buffer)
      guard stream.drain() else { return false }
    }
    return true
  }

  /// Small enough for the lines of a batch to stay in the cache.
  private static let batchSize = 1024
}

/// Writes each result as it comes.
private struct AccessLines: AccessSink {
  let memory: MemoryImage
  let paging: PagingState
  let json: AccessJSON?
  var out = TextBuffer()

  mutating func receive(_ result: AccessResult, for question: AccessQuestion) {
    var isInImage = true
    if case .translated(let translation, _) = result {
      isInImage = memory.holdsFrame(of: translation.address)
    }
    if let json {
      json.write(result, for: question, isInImage: isInImage, to: &out)
    } else {
      write(result, for: question, isInImage: isInImage)
    }
  }

  private mutating func write(
    _ result: AccessResult, for question: AccessQuestion, isInImage: Bool
  ) {
    out.hex(question.pointer.rawValue, digits: paging.mode.addressDigits)
    out.write("  \(question.access.kind.rawValue) \(question.access.privilege.rawValue)  ")
    switch result {
    case .translated(let translation, let updates):
      out.hex(translation.address.rawValue, digits: 16)
      for update in updates {
        let name = paging.mode.entryName(update.level)
        let bits = EntryText(paging: paging, level: update.level, entry: update.newBits).flags
        out.write("  sets \(bits.joined(separator: " ")) of \(name) at \(update.address)")
      }
      if !isInImage { out.write("  not in the image", .yellow) }
    case .pageFault(let fault):
      out.write("page-fault", .red)
      out.write(" \(fault.errorCode.rawValue.hex) (\(fault.errorCode))")
    case .generalProtection: out.write("general-protection", .red)
    case .missing(let stop):
      out.write("missing", .yellow)
      out.write(" \(paging.mode.entryName(stop.level)) at \(stop.entryAddress)")
    }
    out.endLine()
  }
}

extension EntryUpdate {
  /// The bits that the processor sets.
  var newBits: UInt64 { after & ~before }
}
