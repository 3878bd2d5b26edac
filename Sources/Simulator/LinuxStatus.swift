/// How a step or a fault ends on Linux.
enum LinuxStatus: String, CaseIterable {
  case success = "0"
  case badAddress = "EFAULT"
  case exists = "EEXIST"
  case invalidArgument = "EINVAL"
  case noEntry = "ENOENT"
  case noMemory = "ENOMEM"
  case notPermitted = "EPERM"
  case overflow = "EOVERFLOW"
  case tryAgain = "EAGAIN"
  case segmentationFault = "SIGSEGV"
  case busError = "SIGBUS"
  case killed = "SIGKILL"
  case oops
  /// The program waits for somebody else.
  case waits
  /// A fault for which something was read.
  case major
  /// A fault for which nothing was read.
  case minor

  /// How a fault may end.
  static let ofFaults: [LinuxStatus] = [
    .minor, .major, .segmentationFault, .busError, .badAddress, .oops,
  ]

  /// How a step may end.
  static let ofSteps = allCases.filter { $0 != .minor && $0 != .major }
}

extension StepStatus {
  init(linux status: LinuxStatus) { self.init(status.rawValue, isSuccess: status == .success) }
}

extension StepFailure {
  static func linux(_ status: LinuxStatus) -> StepFailure { .status(StepStatus(linux: status)) }
}
