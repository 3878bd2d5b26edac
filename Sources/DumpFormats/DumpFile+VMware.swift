import Glibc
import PhysicalMemory

extension DumpFile {
  /// A file of VMware's: memory with the snapshot beside it, or a snapshot with the memory beside it
  /// or within; nil for a file that is neither.
  ///
  /// Each of the two may be compressed. A snapshot that is beside memory and cannot be read is a warning of `source`.
  static func vmware(
    _ source: inout DumpSource, path: String, limits: DumpLimits
  ) throws(DumpError) -> DumpContents? {
    let name = VmwareName(path)
    if VmwareSnapshot.recognises(source.bytes) {
      let snapshot = try VmwareSnapshot(source.bytes, path: path)
      if let memory = name?.beside([VmwareName.memory]).first {
        let other = try DumpSource(memory, limits: limits)
        source.warnings += other.warnings.map { "\(memory): \($0)" }
        var whole = try contents(snapshot, other.bytes, 0..<UInt64(other.bytes.count), memory)
        whole.companions = [memory]
        return whole
      }
      guard let range = snapshot.memory else {
        throw .unsupported(
          path: path, reason: "is a VMware snapshot without memory",
          suggestion: "put its .vmem file beside it")
      }
      return try contents(snapshot, source.bytes, range, path)
    }
    guard let name, name.ending == VmwareName.memory else { return nil }
    var refusals: [DumpError] = []
    for other in name.beside(VmwareName.snapshots) {
      do throws(DumpError) {
        let found = try DumpSource(other, limits: limits)
        let snapshot = try VmwareSnapshot(found.bytes, path: other)
        var whole = try contents(snapshot, source.bytes, 0..<UInt64(source.bytes.count), other)
        whole.companions = [other]
        source.warnings += found.warnings.map { "\(other): \($0)" } + refusals.map(\.description)
        return whole
      } catch {
        refusals.append(error)
      }
    }
    source.warnings += refusals.map {
      "\($0); without it memory is taken for one piece from address 0 on"
    }
    return nil
  }

  private static func contents(
    _ snapshot: VmwareSnapshot, _ bytes: ByteMapping, _ range: Range<UInt64>, _ other: String
  ) throws(DumpError) -> DumpContents {
    var warnings = snapshot.warnings
    let segments = snapshot.segments(in: range, &warnings)
    guard !segments.isEmpty else {
      throw .malformed(
        path: snapshot.path,
        DumpDefect(
          "regionSize", at: 0, expected: "regions of memory that the file holds", found: "none"))
    }
    return DumpContents(
      format: .vmware, memory: .runs(RunMemory(bytes, segments)),
      processors: snapshot.processors,
      architecture: snapshot.processors.isEmpty ? nil : snapshot.isLongMode ? .x8664 : .x86,
      facts: [
        DumpFact(
          subject: "snapshot", value: "\(snapshot.regions.count) regions", source: other)
      ], warnings: warnings.list)
  }
}

/// The name of one file of a virtual machine, which leads to those of the others: memory and snapshot have the same name
/// but for its ending, behind which that of a compression may be.
struct VmwareName {
  static let memory = ".vmem"
  static let snapshots = [".vmss", ".vmsn"]

  /// The name without ending.
  let stem: Substring
  /// The ending, without that of a compression.
  let ending: String

  /// Takes the name of a file apart; nil where it is none of VMware's.
  init?(_ path: String) {
    var rest = path[...]
    while let packed = Compression.endings.first(where: rest.hasSuffix) {
      rest.removeLast(packed.count)
    }
    guard let ending = ([Self.memory] + Self.snapshots).first(where: rest.hasSuffix) else {
      return nil
    }
    stem = rest.dropLast(ending.count)
    self.ending = ending
  }

  /// The files that there are with this name and one of other endings, those first that are not compressed.
  func beside(_ endings: [String]) -> [String] {
    ([""] + Compression.endings).flatMap { packed in endings.map { stem + $0 + packed } }
      .filter { unsafe access($0, F_OK) == 0 }
  }
}

extension DumpFile {
  /// The files from which the dump in a file is opened: itself, and those of VMware that are beside it.
  public static func files(of path: String) -> [String] {
    let name = VmwareName(path)
    return [path] + (name?.beside([VmwareName.memory] + VmwareName.snapshots) ?? [])
  }
}

extension Compression {
  /// How the names of compressed files end.
  static let endings = [".xz", ".gz", ".zst", ".zstd", ".lz4"]
}
