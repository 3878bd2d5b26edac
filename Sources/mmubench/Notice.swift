import Glibc
import Machine
import Paging
import Report

/// What is said beside the answers, on standard error.
enum Notice {
  /// Writes what `body` puts in the buffer.
  static func write(_ body: (inout TextBuffer) -> Void) {
    let stream = ReportStream(
      descriptor: STDERR_FILENO, name: "standard error", isColored: Terminal.error.isColored)
    body(&stream.buffer)
    stream.flush()
  }

  /// Writes one line that begins with `mmubench: warning:`.
  static func warn(_ text: String) {
    write { buffer in
      buffer.write("mmubench: ")
      buffer.write("warning:", .yellow)
      buffer.write(" \(text)\n")
    }
  }

  /// Warns of what is assumed or uncertain of the operating system of a scenario.
  static func warnOfSystem(of machine: Machine, _ scenario: String) {
    var machine = machine
    machine.noteSystem()
    for warning in machine.warnings { warn("\(scenario): \(warning)") }
  }

  /// Warns where the processor refuses all that the top tables of address spaces say.
  static func warnOfRefusedRoots(_ states: [PagingState], in machine: Machine) {
    if let refused = RefusedRoots(states, in: machine) { warn(refused.sentence) }
  }

  /// Warns where the processor refuses all that the top tables of a machine say.
  static func warnOfRefusedRoots(of machine: Machine) {
    warnOfRefusedRoots(machine.addressSpaces.map(machine.paging(of:)), in: machine)
  }
}
