public import Paging

/// A Linux kernel, as far as its page-table entries depend on it.
public struct LinuxKernel: Sendable {
  /// The version.
  public let version: LinuxVersion
  /// The kind of entries.
  public let format: LinuxEntryFormat
  /// The choices of its configuration.
  public let options: LinuxOptions
  /// What its swap types mean.
  public let swapTypes: SwapTypes
  /// Where swap type and offset are.
  public let swapEntry: SwapEntryLayout
  /// The kernel's bits in entries of pages.
  public let bits: SoftwareBits

  /// A kernel of a version and its configuration; that of Debian unless said.
  ///
  /// - Throws: where the version is older than what is known here.
  public init(
    _ version: LinuxVersion, _ format: LinuxEntryFormat, options: LinuxOptions? = nil
  ) throws(LinuxKernelError) {
    guard version >= format.oldestVersion else { throw .tooOld(version, format) }
    self.init(unchecked: version, format, options ?? .usual(for: format))
  }

  /// The kernel with a name like `linux-6.1`, for the entries of a mode.
  public init(
    id: String, mode: PagingMode, options: LinuxOptions? = nil
  ) throws(LinuxKernelError) {
    guard let version = Self.version(ofID: id) else { throw .notAName(id) }
    try self.init(version, LinuxEntryFormat(mode), options: options)
  }

  /// The same kernel with other choices of its configuration.
  public func configured(_ options: LinuxOptions) -> LinuxKernel {
    LinuxKernel(unchecked: version, format, options)
  }

  private init(unchecked version: LinuxVersion, _ format: LinuxEntryFormat, _ options: LinuxOptions)
  {
    (self.version, self.format, self.options) = (version, format, options)
    swapTypes = SwapTypes(version, options)
    swapEntry = SwapEntryLayout(version, format)
    bits = SoftwareBits(version, format)
  }

  /// The name: `linux-6.1`.
  public var id: String { Self.prefix + version.description }

  static let prefix = "linux-"

  /// Whether a name is meant as that of a Linux kernel.
  public static func isID(_ text: String) -> Bool {
    text.lowercased().hasPrefix("linux")
  }

  private static func version(ofID id: String) -> LinuxVersion? {
    let name = id.lowercased()
    guard name.hasPrefix(prefix) else { return nil }
    let rest = name.dropFirst(prefix.count)
    guard let version = LinuxVersion(release: rest), "\(version)" == rest else { return nil }
    let isSeries = knownSeries[version.major].map { version.minor <= $0 } ?? (version.major >= 6)
    return isSeries ? version : nil
  }

  /// The last minor number of each major number that is finished.
  private static let knownSeries = [3: 19, 4: 20, 5: 19]

  /// Names to suggest: every series up to the newest whose entries are known here.
  public static let identifiers: [String] =
    (0...19).map { "linux-3.\($0)" } + (0...20).map { "linux-4.\($0)" }
    + (0...19).map { "linux-5.\($0)" } + (0...newest.minor).map { "linux-6.\($0)" }

  /// The newest series whose entries were looked at.
  static let newest = LinuxVersion(6, 17)

  /// The oldest series that is known here.
  static let oldest = LinuxVersion(3, 0)
}

/// Why a name means no kernel.
public enum LinuxKernelError: Error, Hashable, CustomStringConvertible {
  /// The text is no name of a kernel.
  case notAName(String)
  /// The version is older than what is known.
  case tooOld(LinuxVersion, LinuxEntryFormat)

  /// What is wrong, and what there is.
  public var description: String {
    switch self {
    case .notAName(let text):
      return "`\(text)` names no Linux kernel; write linux-VERSION, as in linux-6.1 or "
        + "linux-4.14.63, from \(LinuxKernel.oldest) on"
    case .tooOld(let version, let format):
      return "the entries of Linux \(version) are not known; there are those from "
        + "linux-\(format.oldestVersion) on"
    }
  }
}
