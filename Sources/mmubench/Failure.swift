import ArgumentParser
import DumpFormats
import Explorer
import FuseMount
import Glibc
import LinuxMemory
import Machine
import PhysicalMemory
import Report
import ReverseMap
import ScenarioFile
import WindowsMemory
import Workbench

/// An error of the command line itself, with the status that the program ends with.
struct Failure: Error, CustomStringConvertible {
  let description: String
  let status: Int32

  /// The user asked for what cannot be.
  static func usage(_ message: String) -> Failure { Failure(description: message, status: 64) }

  /// What was read is not what it should be.
  static func malformed(_ message: String) -> Failure { Failure(description: message, status: 65) }

  /// Ends the program: says what is wrong on standard error and sets the status.
  static func exit(with error: any Error) -> Never {
    switch error {
    case let error as DiagnosticList: end(65, error.render(color: Terminal.error.isColored))
    case ScenarioFileError.malformed(let list):
      end(65, list.render(color: Terminal.error.isColored))
    case let error as ScenarioFileError: end(66, message(error.description))
    case let error as DumpError: end(error.exitStatus, message(error.description))
    case let error as WindowsKernelError: end(64, message(error.description))
    case let error as LinuxKernelError: end(64, message(error.description))
    case let error as MachineOverrides.Problem: end(64, message(error.description))
    case let error as SystemError:
      end(error.call == "open" ? 66 : 74, message(error.description))
    case let error as ReverseMapError: end(error.exitStatus, message(error.description))
    case let error as DatabaseError: end(74, message(error.description))
    case let error as ExplorerFailure: end(74, message(error.description))
    case let error as MountFailure: end(error.exitStatus, message(error.description))
    case let error as GuestTruth.Problem: end(65, message(error.description))
    case let error as TimelineAccount.Failure:
      end(error.exitStatus, message(error.description))
    case let error as Failure: end(error.status, message(error.description))
    default:
      if let script = CompletionScript(MMUBench.fullMessage(for: error)) { end(script) }
      MMUBench.exit(withError: error)
    }
  }

  private static func end(_ script: CompletionScript) -> Never {
    let stream = ReportStream(descriptor: STDOUT_FILENO, name: "standard output")
    stream.buffer.write("\(script.text)\n")
    stream.flush()
    if let failure = stream.failure { exit(with: failure) }
    Glibc.exit(0)
  }

  private static func message(_ text: String) -> String {
    var buffer = TextBuffer(isColored: Terminal.error.isColored)
    buffer.write("mmubench: ")
    buffer.write("error:", .red)
    buffer.write(" \(text)\n")
    return buffer.text
  }

  private static func end(_ status: Int32, _ text: String) -> Never {
    let stream = ReportStream(descriptor: STDERR_FILENO, name: "standard error")
    stream.buffer.write(text)
    stream.flush()
    Glibc.exit(status)
  }
}

extension ReverseMapError {
  /// The status that the program ends with.
  fileprivate var exitStatus: Int32 {
    switch self {
    case .damaged, .stale, .disagrees, .imageChanged, .tooManyTables, .tooManyViews: 65
    case .file, .system, .unwanted: 74
    }
  }
}

extension MountFailure {
  /// The status that the program ends with.
  fileprivate var exitStatus: Int32 {
    switch self {
    case .unavailable: 77
    case .refused: 73
    case .broken: 74
    }
  }
}
