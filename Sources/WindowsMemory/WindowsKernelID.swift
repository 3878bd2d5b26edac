/// The name of a kernel, as the command line and scenarios write it: `windows-19041.508`.
///
/// Layouts follow the patch level, not the build, so the name has both. Without a patch level the
/// newest known kernel of the branch is meant. Of kernels before Vista the multiprocessor one is
/// meant unless `-up` follows.
public struct WindowsKernelID: Sendable, Hashable, CustomStringConvertible {
  /// The build number, which names the branch.
  public let build: Int
  /// The patch level, if the name has one.
  public let patch: Int?
  /// Whether the uniprocessor kernel is meant.
  public let isUniprocessor: Bool

  /// Names a kernel by its numbers.
  public init(build: Int, patch: Int? = nil, isUniprocessor: Bool = false) {
    self.build = build
    self.patch = patch
    self.isUniprocessor = isUniprocessor
  }

  /// Reads a name or an alias, in any letter case.
  public init(_ text: String) throws(WindowsKernelError) {
    let name = text.lowercased()
    let full = Self.aliases.first { $0.alias == name }?.id ?? name
    guard let id = Self.read(full) else { throw .notAName(text) }
    self = id
  }

  private static func read(_ name: String) -> Self? {
    guard name.hasPrefix(prefix) else { return nil }
    let isUniprocessor = name.hasSuffix(uniprocessorSuffix)
    let numbers = name.dropFirst(prefix.count)
      .dropLast(isUniprocessor ? uniprocessorSuffix.count : 0)
      .split(separator: ".", omittingEmptySubsequences: false)
    // Int would take a sign and any length; a version has at most five digits a part.
    guard (1...2).contains(numbers.count),
      numbers.allSatisfy({ (1...5).contains($0.count) && $0.allSatisfy("0123456789".contains) }),
      let build = Int(numbers[0])
    else { return nil }
    return Self(
      build: build, patch: numbers.count == 2 ? Int(numbers[1]) : nil,
      isUniprocessor: isUniprocessor)
  }

  /// The name in full: `windows-7601.17514`, `windows-2600.6419-up`.
  public var description: String {
    let level = patch.map { ".\($0)" } ?? ""
    return Self.prefix + "\(build)\(level)" + (isUniprocessor ? Self.uniprocessorSuffix : "")
  }

  static let prefix = "windows-"
  private static let uniprocessorSuffix = "-up"

  /// The build whose kernel a release has, where an enablement package changed the number only.
  var branch: Int {
    switch build {
    case 18363: 18362
    case 19042...19045: 19041
    case 22631: 22621
    case 26200: 26100
    default: build
    }
  }

  /// Releases by name: each means the kernel that it came with, or the first known after that.
  ///
  /// A machine that was updated has another kernel, so its own version is the better name.
  public static let aliases: [(alias: String, id: String)] = [
    ("windows-2000", "windows-2195.7376-up"), ("windows-xp", "windows-2600.6419"),
    ("windows-2003", "windows-3790.3959"), ("windows-vista", "windows-6002.18005"),
    ("windows-7", "windows-7601.17514"), ("windows-8", "windows-9200.16384"),
    ("windows-8.1", "windows-9600.17031"), ("windows-10", "windows-19041.928"),
    ("windows-10-1507", "windows-10240.16384"), ("windows-10-1511", "windows-10586.0"),
    ("windows-10-1607", "windows-14393.0"), ("windows-10-1703", "windows-15063.0"),
    ("windows-10-1709", "windows-16299.15"), ("windows-10-1803", "windows-17134.1"),
    ("windows-10-1809", "windows-17763.1"), ("windows-10-1903", "windows-18362.30"),
    ("windows-10-1909", "windows-18362.418"), ("windows-10-2004", "windows-19041.264"),
    ("windows-10-20h2", "windows-19041.508"), ("windows-10-21h1", "windows-19041.928"),
    ("windows-10-21h2", "windows-19041.928"), ("windows-10-22h2", "windows-19041.928"),
    ("windows-11", "windows-22000.194"), ("windows-11-21h2", "windows-22000.194"),
    ("windows-11-22h2", "windows-22621"), ("windows-11-23h2", "windows-22631"),
    ("windows-11-24h2", "windows-26100"), ("windows-11-25h2", "windows-26200"),
  ]
}

/// Why a name means no kernel.
public enum WindowsKernelError: Error, Hashable, CustomStringConvertible {
  /// The text is neither a name nor an alias.
  case notAName(String)
  /// The table has no kernel of that build for the entries of the mode.
  case noLayout(WindowsKernelID, WindowsEntryFormat)

  /// What is wrong, and what there is.
  public var description: String {
    switch self {
    case .notAName(let text):
      let aliases = WindowsKernelID.aliases.map(\.alias).joined(separator: ", ")
      return "`\(text)` names no Windows kernel; write windows-BUILD.PATCH, as in "
        + "windows-19041.508, with -up for a uniprocessor kernel before Vista, or one of \(aliases)"
    case .noLayout(let id, let format):
      let names = WindowsKernel.identifiers(of: format).map(\.description)
      let others = WindowsEntryFormat.allCases.filter { WindowsKernel.has(id, $0) }.map(\.words)
      let elsewhere =
        others.isEmpty ? "" : " (it has them of \(others.joined(separator: " and ")))"
      return "\(id) has no layouts of \(format.words)\(elsewhere); there are "
        + names.joined(separator: ", ")
    }
  }
}

extension WindowsKernelID {
  /// Whether a store of compressed pages can be among the page files, with a number like theirs.
  ///
  /// It can from Windows 10 on. Windows 7 to 8.1 have InStore instead, and kernels before that no store.
  public var numbersStore: Bool { build >= 10240 }
}
