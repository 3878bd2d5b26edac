import Paging
import PhysicalMemory

extension FaultReport {
  /// What the processor says of a fault: an error code on x86, ESR_EL1 on arm64, and words.
  struct Code {
    var errorCode: UInt32?
    var syndrome: UInt64?
    var words: String

    init(_ result: AccessResult) {
      words = result.outcome.rawValue
      switch result {
      case .pageFault(let fault):
        errorCode = fault.errorCode.rawValue
        words = "\(fault.errorCode)"
      case .abort(let abort):
        syndrome = abort.syndrome
        words = "\(abort.fault.rawValue) level \(abort.level)"
      case .translated, .generalProtection, .missing: break
      }
    }
  }

  /// What the processor said, with the name of the register or of the word: `error code 0x6 (W U)`.
  public var codeText: String {
    if let syndrome { return "ESR_EL1 \(syndrome.hex) (\(errorFlags))" }
    return "error code \(errorCode.map { "\(UInt64($0).hex) (\(errorFlags))" } ?? errorFlags)"
  }
}
