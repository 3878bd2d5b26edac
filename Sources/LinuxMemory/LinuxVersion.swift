/// A version of the Linux kernel, as `uname -r` begins: `6.1`, `5.10.127`.
public struct LinuxVersion: Hashable, Sendable {
  /// The first number.
  public var major: Int
  /// The second number.
  public var minor: Int
  /// The number of the stable release, if it is known.
  public var patch: Int?

  /// Names a version by its numbers.
  public init(_ major: Int, _ minor: Int, _ patch: Int? = nil) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// Reads the version that a release begins with: `6.1.0-50-amd64`, `5.4`.
  ///
  /// Nil where the text does not begin with two numbers and a point between them.
  public init?(release: some StringProtocol) {
    let numbers = release.prefix { $0.isASCII && $0.isNumber || $0 == "." }
      .split(separator: ".", omittingEmptySubsequences: false).prefix(3)
    // No version has parts of more than four digits, which also fit any integer.
    let parts = numbers.map { $0.count <= 4 ? Int($0) : nil }
    guard parts.count >= 2, let major = parts[0], let minor = parts[1] else { return nil }
    let patch = parts.count > 2 ? parts[2] : nil
    // Distributions name all releases of a series like the first, 6.1.0-50-amd64: the series is known.
    let isBuild = release.dropFirst(numbers.map(\.count).reduce(numbers.count - 1, +)).first == "-"
    self.init(major, minor, patch == 0 && isBuild ? nil : patch)
  }
}

extension LinuxVersion {
  /// Whether arm64 has one bit for all pages that are present but not valid, which moved swap type and
  /// offset and left a bit for userfaultfd (Linux 6.10, commits f0f5863a0fb0 and 5b32510af77b).
  var hasARM64PresentInvalidOfAll: Bool { self >= LinuxVersion(6, 10) }
}

extension LinuxVersion: Comparable {
  /// Orders by the numbers; a version without a patch is the first of its series.
  public static func < (left: Self, right: Self) -> Bool {
    (left.major, left.minor, left.patch ?? 0) < (right.major, right.minor, right.patch ?? 0)
  }
}

extension LinuxVersion: CustomStringConvertible {
  /// The numbers with points between them.
  public var description: String { "\(major).\(minor)" + (patch.map { ".\($0)" } ?? "") }
}
