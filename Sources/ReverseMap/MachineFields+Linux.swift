import LinuxMemory
import Paging

/// What of a Linux is kept: its kernel, and what leads to the kernel's memory, from which the rest is read again.
extension LinuxSystem {
  /// Reads or writes what is known of a system that may not be there, on a machine of some mode.
  static func run(
    _ system: inout LinuxSystem?, _ mode: PagingMode, _ tape: inout FieldTape
  ) throws(FieldTape.Unreadable) {
    var version = system?.kernel.version
    try tape.optional(&version, LinuxVersion(0, 0)) {
      tape, version throws(FieldTape.Unreadable) in
      try tape.number(&version.major)
      try tape.number(&version.minor)
      try tape.number(&version.patch)
    }
    guard let version else { return }
    var options = system?.kernel.options.rawValue ?? 0
    var foundBy = system?.foundBy ?? ""
    var trace = system?.trace
    try tape.number(&options)
    try tape.text(&foundBy)
    let empty = LinuxTrace(paging: PagingState(mode: mode), vmcoreinfo: nil)
    try tape.optional(&trace, empty) { tape, trace throws(FieldTape.Unreadable) in
      try trace.paging.run(&tape)
      try tape.text(&trace.vmcoreinfo)
    }
    guard system == nil else { return }
    let choices = LinuxOptions(rawValue: options)
    let kernel = try? LinuxKernel(version, LinuxEntryFormat(mode), options: choices)
    guard let kernel else { throw FieldTape.Unreadable() }
    var read = LinuxSystem(kernel, foundBy: foundBy)
    read.trace = trace
    system = read
  }
}
