import PhysicalMemory

extension DumpFile {
  private static let memoryName = ".vmem"
  private static let snapshotNames = [".vmss", ".vmsn"]

  /// A file of VMware's: memory with the snapshot beside it, or a snapshot with the memory beside it
  /// or within; nil for a file that is neither.
  static func vmware(
    _ source: DumpSource, path: String
  ) throws(DumpError) -> DumpContents? {
    if VmwareSnapshot.recognises(source.bytes) {
      let snapshot = try VmwareSnapshot(source.bytes, path: path)
      let memory = snapshotNames.lazy.compactMap { beside(path, $0, memoryName) }.first
      if let memory, let bytes = try? DumpSource.map(memory) {
        return try contents(snapshot, bytes, 0..<UInt64(bytes.count), memory)
      }
      guard let range = snapshot.memory else {
        throw .unsupported(
          path: path, reason: "is a VMware snapshot without memory",
          suggestion: "put its .vmem file beside it")
      }
      return try contents(snapshot, source.bytes, range, path)
    }
    for name in snapshotNames {
      guard let other = beside(path, memoryName, name), let bytes = try? DumpSource.map(other),
        VmwareSnapshot.recognises(bytes)
      else { continue }
      let snapshot = try VmwareSnapshot(bytes, path: other)
      return try contents(snapshot, source.bytes, 0..<UInt64(source.bytes.count), other)
    }
    return nil
  }

  /// The name with another ending.
  private static func beside(_ path: String, _ ending: String, _ other: String) -> String? {
    path.hasSuffix(ending) ? path.dropLast(ending.count) + other : nil
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
