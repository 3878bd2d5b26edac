import BitLayout
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
      memory: machine.memory, paging: machine.paging, json: asJSON ? AccessJSON() : nil,
      classifier: machine.systemClassifier())
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
  /// Nil where no operating system is known.
  let classifier: SystemClassifier?
  var out = TextBuffer()
  private let words: AccessWords

  init(
    memory: MemoryImage, paging: PagingState, json: AccessJSON?, classifier: SystemClassifier?
  ) {
    self.memory = memory
    self.paging = paging
    self.json = json
    self.classifier = classifier
    words = AccessWords(paging)
  }

  mutating func receive(_ result: AccessResult, for question: AccessQuestion) {
    var isInImage = true
    if case .translated(let translation, _) = result {
      isInImage = memory.holdsFrame(of: translation.address)
    }
    let verdict = verdict(on: result, for: question)
    if let json {
      json.write(result, for: question, isInImage: isInImage, verdict, to: &out)
    } else {
      write(result, for: question, isInImage: isInImage)
      if let verdict { out.write("  \(verdict.line)") }
      out.endLine()
    }
  }

  private func verdict(
    on result: AccessResult, for question: AccessQuestion
  ) -> VerdictReport? {
    guard let classifier else { return nil }
    let linear = AccessRules(paging).linearAddress(
      question.pointer.rawValue, for: question.access)
    return VerdictReport(
      verdict: classifier.verdict(on: VirtualAddress(linear), question.access, result),
      mode: paging.mode)
  }

  private mutating func write(
    _ result: AccessResult, for question: AccessQuestion, isInImage: Bool
  ) {
    out.hex(question.pointer.rawValue, digits: paging.mode.addressDigits)
    out.write(words.name(of: question.access))
    switch result {
    case .translated(let translation, let updates):
      out.hex(translation.address.rawValue, digits: 16)
      for update in updates {
        if paging.isARM64 {
          let name = paging.mode.entryName(update.level)
          let half = paging.half(of: question.pointer)
          out.write("  \(update.changes(in: half)) of \(name) at ")
        } else {
          out.write(words.name(of: update))
        }
        out.hex(update.address.rawValue)
      }
      if !isInImage { out.write("  not in the image", .yellow) }
    case .pageFault(let fault):
      out.write("page-fault", .red)
      out.write(words.name(of: fault.errorCode))
    case .abort(let abort):
      out.write("page-fault", .red)
      out.write(" \(abort.syndrome.hex) (\(abort.kindText))")
    case .generalProtection: out.write("general-protection", .red)
    case .missing(let stop):
      out.write("missing", .yellow)
      guard stop.level > 0 else { break }
      out.write(" \(paging.mode.entryName(stop.level)) at \(stop.entryAddress)")
    }
  }
}

/// The words of the lines, put together once for millions of them.
private struct AccessWords {
  private let accesses: [[UInt8]]
  private let codes: [[UInt8]]
  private let updates: [[UInt8]]

  init(_ paging: PagingState) {
    let kinds = Access.Kind.allCases.map(\.rawValue)
    let privileges = Access.Privilege.allCases.map(\.rawValue)
    let width = (kinds.map(\.count).max() ?? 0) + (privileges.map(\.count).max() ?? 0) + 1
    accesses = kinds.flatMap { kind in
      privileges.map { privilege in
        let name = "\(kind) \(privilege)"
        return Array("  \(name)\(String(repeating: " ", count: width - name.count))  ".utf8)
      }
    }
    let all = PageFaultErrorCode.names.reduce(into: PageFaultErrorCode()) { $0.insert($1.flag) }
    codes = (0...all.rawValue).map { code in
      Array(" \(AccessSentence.code(PageFaultErrorCode(rawValue: code)))".utf8)
    }
    updates = (0...paging.mode.entryNames.count).flatMap { level in
      (0..<4).map { bits in
        let names = [bits & 1 == 1 ? ["A"] : [], bits & 2 == 2 ? ["D"] : []].flatMap { $0 }
        let entry = paging.mode.entryName(level)
        return Array("  sets \(names.joined(separator: " ")) of \(entry) at ".utf8)
      }
    }
  }

  func name(of access: Access) -> [UInt8] { accesses[access.index] }

  func name(of code: PageFaultErrorCode) -> [UInt8] { codes[Int(code.rawValue)] }

  func name(of update: EntryUpdate) -> [UInt8] {
    let new = update.newBits
    let bits =
      (X86Fields.accessed.isSet(in: new) ? 1 : 0) + (X86Fields.dirty.isSet(in: new) ? 2 : 0)
    return updates[update.level * 4 + bits]
  }
}

extension EntryUpdate {
  /// The bits that the processor sets.
  var newBits: UInt64 { after & ~before }
}
