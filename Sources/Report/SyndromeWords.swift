import BitLayout
import Paging
import PhysicalMemory

/// The fields of ESR_EL1 after an abort, each with what it says.
struct SyndromeWords {
  private let abort: ARM64Abort

  init(_ abort: ARM64Abort) { self.abort = abort }

  /// A line for the exception class, one for WnR of data, and one for the status code.
  var lines: [ExplanationSteps.Line] {
    let fields = ARM64Syndrome.self
    let syndrome = abort.syndrome
    let citation = "(ARM ARM D19.2, ESR_EL1)"
    let isData = abort.access.isData
    let level = abort.access.privilege == .user ? "EL0" : "EL1"
    let exceptionClass = fields.exceptionClass.value(in: syndrome)
    let write = fields.isWrite.value(in: syndrome)
    let status = fields.statusCode.value(in: syndrome)
    var lines: [ExplanationSteps.Line] = [
      (
        "EC=\(exceptionClass.hex)",
        "\(isData ? "a data abort" : "an instruction abort") from \(level) \(citation)"
      )
    ]
    if isData {
      lines.append(
        ("WnR=\(write)", "the access was a \(write == 0 ? "read" : "write") \(citation)"))
    }
    lines.append(("\(isData ? "D" : "I")FSC=\(status.hex)", "\(abort.kindText) \(citation)"))
    return lines
  }
}
