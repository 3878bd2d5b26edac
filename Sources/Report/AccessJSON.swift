public import Machine
import Paging
import PhysicalMemory

/// Writes what a processor does with an access as JSON, as scripts read it.
public struct AccessJSON: Sendable {
  /// What stands between the address and the outcome, for each kind of access and accessor.
  private let heads: [[UInt8]]
  private let pieces = Pieces()

  /// The text between the numbers, as the bytes that it is.
  private struct Pieces {
    let translated = Array("translated\",\"pa\":\"".utf8)
    let pageFault = Array("page-fault\",\"error_code\":\"".utf8)
    let updates = Array("\",\"updates\":[".utf8)
    let first = Array("{\"address\":\"".utf8)
    let next = Array(",{\"address\":\"".utf8)
    let before = Array("\",\"before\":\"".utf8)
    let after = Array("\",\"after\":\"".utf8)
    let end = Array("\"}".utf8)
  }

  /// Prepares for accesses of all kinds.
  public init() {
    heads = Access.Kind.allCases.flatMap { kind in
      Access.Privilege.allCases.map { privilege in
        Array(
          "\",\"access\":\"\(kind.rawValue)\",\"as\":\"\(privilege.rawValue)\",\"outcome\":\"".utf8)
      }
    }
  }

  private func head(_ access: Access) -> [UInt8] {
    heads[access.index]
  }

  /// Writes an answer as one line, with its explanation if there is one.
  public func write(
    _ answer: AccessAnswer, _ explanation: Explanation? = nil, to out: inout TextBuffer
  ) {
    open(
      answer.result, for: AccessQuestion(answer.pointer, answer.access),
      isInImage: answer.walk.isInImage, to: &out)
    if let verdict = answer.verdict {
      VerdictReport(verdict: verdict, mode: answer.state.mode).writeMember(to: &out)
    }
    explanation?.writeMember(to: &out)
    out.closeLine()
  }

  /// Writes a result as one line; `isInImage` says whether the image holds the frame it reaches.
  func write(
    _ result: AccessResult, for question: AccessQuestion, isInImage: Bool,
    _ verdict: VerdictReport?, to out: inout TextBuffer
  ) {
    open(result, for: question, isInImage: isInImage, to: &out)
    verdict?.writeMember(to: &out)
    out.closeLine()
  }

  /// Writes all but the end of the object.
  func open(
    _ result: AccessResult, for question: AccessQuestion, isInImage: Bool,
    to out: inout TextBuffer
  ) {
    out.write("{\"va\":\"")
    out.hex(question.pointer.rawValue)
    out.write(head(question.access))
    switch result {
    case .translated(let translation, let updates):
      out.write(pieces.translated)
      out.hex(translation.address.rawValue)
      out.write(pieces.updates)
      var isFirst = true
      for update in updates {
        out.write(isFirst ? pieces.first : pieces.next)
        isFirst = false
        out.hex(update.address.rawValue)
        out.write(pieces.before)
        out.hex(update.before)
        out.write(pieces.after)
        out.hex(update.after)
        out.write(pieces.end)
      }
      out.closeArray()
      if !isInImage { out.member("in_image", false) }
    case .pageFault(let fault):
      out.write(pieces.pageFault)
      out.hex(UInt64(fault.errorCode.rawValue))
      out.write("\"")
    case .abort(let abort):
      out.write("page-fault\",\"esr\":\"")
      out.hex(abort.syndrome)
      out.write("\"")
    case .generalProtection: out.write("general-protection\"")
    case .missing(let stop):
      out.write("missing\"")
      out.member("missing", hex: stop.entryAddress.rawValue)
    }
  }
}

extension Access {
  /// The place among all kinds with all privileges, found without a search: millions ask for it.
  var index: Int { kind.index * 3 + privilege.index }
}

extension Access.Kind {
  /// The place among all cases.
  fileprivate var index: Int {
    switch self {
    case .read: 0
    case .write: 1
    case .execute: 2
    case .shadowStackRead: 3
    case .shadowStackWrite: 4
    }
  }
}

extension Access.Privilege {
  /// The place among all cases.
  fileprivate var index: Int {
    switch self {
    case .user: 0
    case .supervisor: 1
    case .supervisorImplicit: 2
    }
  }
}
