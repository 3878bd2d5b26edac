import Paging
import PhysicalMemory

extension FaultReport {
  /// Describes a fault by what the processor says of it, an error code on x86, ESR_EL1 on arm64, and by what
  /// the kernel makes of it.
  init(
    _ address: UInt64, _ access: Access, _ result: AccessResult, state: String?,
    handler: [String], cost: String?, status: String, code: UInt32? = nil
  ) {
    self.address = VirtualAddress(address)
    self.access = access
    self.state = state ?? "unknown"
    self.handler = handler
    self.cost = cost ?? "unknown"
    self.status = status
    self.code = code
    switch result {
    case .pageFault(let fault):
      errorCode = fault.errorCode.rawValue
      errorFlags = "\(fault.errorCode)"
    case .abort(let abort):
      syndrome = abort.syndrome
      errorFlags = "\(abort.fault.rawValue) level \(abort.level)"
    case .translated, .generalProtection, .missing: errorFlags = result.outcome.rawValue
    }
  }

  /// What the processor said, with the name of the register or of the word: `error code 0x6 (W U)`.
  public var codeText: String {
    if let syndrome { return "ESR_EL1 \(syndrome.hex) (\(errorFlags))" }
    return "error code \(errorCode.map { "\(UInt64($0).hex) (\(errorFlags))" } ?? errorFlags)"
  }
}
