import Paging
import PhysicalMemory

/// The bits of a page fault's error code, each with what it says (SDM 3A, 4.7).
struct ErrorCodeWords {
  private let code: PageFaultErrorCode

  init(_ code: PageFaultErrorCode) { self.code = code }

  /// A line for P, whatever it is, and for each other bit that is set.
  var lines: [ExplanationSteps.Line] {
    let absent = (
      subject: "P=0", text: "there is no translation: an entry is not present (SDM 3A, 4.7)"
    )
    return (code.contains(.protection) ? [] : [absent])
      + PageFaultErrorCode.names.filter { code.contains($0.flag) }
      .map { ("\($0.name)=1", "\(Self.meaning($0.flag)) (SDM 3A, 4.7)") }
  }

  private static func meaning(_ flag: PageFaultErrorCode) -> String {
    switch flag {
    case .protection: "all entries that were read are present: rights or reserved bits are violated"
    case .write: "the access was a write"
    case .user: "user mode made it"
    case .reserved: "an entry has reserved bits set"
    case .instruction: "it was an instruction fetch"
    case .protectionKey: "the page's protection key forbids it"
    case .shadowStack: "it was an access to a shadow stack"
    default: flag.rawValue.hex
    }
  }
}
