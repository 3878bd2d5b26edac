/// What a kernel says of itself for those who read its memory after a crash.
///
/// Lines such as `SYMBOL(swapper_pg_dir)=ffffffff99810000` (Linux
/// Documentation/admin-guide/kdump/vmcoreinfo.rst), in a note of a dump or in a page of memory.
public struct Vmcoreinfo: Sendable {
  /// The bytes that the text begins with in memory; no other page has them at its start.
  static let beginning = "OSRELEASE="

  /// The lines as they were read.
  public let text: String
  private let values: [String: String]

  /// Reads the lines; those that are none are left out, of several with one key the first counts.
  public init(text: String) {
    self.text = text
    var values: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      guard let sign = line.firstIndex(of: "=") else { continue }
      let key = String(line[..<sign])
      if values[key] == nil { values[key] = String(line[line.index(after: sign)...]) }
    }
    self.values = values
  }

  /// The release, as `uname -r` prints it: `6.1.0-50-amd64`.
  public var release: String? { values["OSRELEASE"] }

  /// The version that the release begins with; nil where that is no version.
  public var version: LinuxVersion? { release.flatMap { LinuxVersion(release: $0) } }

  /// The address of a symbol, where this kernel has put it.
  public func symbol(_ name: String) -> UInt64? {
    values["SYMBOL(\(name))"].flatMap { UInt64($0, radix: 16) }
  }

  /// A number, decimal or with `0x`; negative ones as they wrap.
  public func number(_ name: String) -> UInt64? {
    guard let text = values["NUMBER(\(name))"] else { return nil }
    if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16) }
    return UInt64(text) ?? Int64(text).map { UInt64(bitPattern: $0) }
  }

  /// The offset of a member in bytes; the name is `STRUCTURE.MEMBER`.
  public func offset(_ member: String) -> UInt64? {
    values["OFFSET(\(member))"].flatMap(UInt64.init)
  }

  /// The size of a structure in bytes.
  public func size(_ structure: String) -> UInt64? {
    values["SIZE(\(structure))"].flatMap(UInt64.init)
  }

  /// The number of elements of an array.
  public func length(_ array: String) -> UInt64? {
    values["LENGTH(\(array))"].flatMap(UInt64.init)
  }

  /// Whether the kernel was configured with an option, of those few that are listed.
  public func isConfigured(_ option: String) -> Bool { values["CONFIG_\(option)"] == "y" }

  /// The size of a page in bytes.
  public var pageSize: UInt64? { values["PAGESIZE"].flatMap(UInt64.init) }

  /// By how much KASLR has moved the kernel from where it was linked, in bytes.
  public var kernelOffset: UInt64? {
    values["KERNELOFFSET"].flatMap { UInt64($0, radix: 16) }
  }

  /// Whether the text has what a kernel always says.
  var isPlausible: Bool {
    version != nil && symbol("swapper_pg_dir") != nil && pageSize != nil
  }
}
