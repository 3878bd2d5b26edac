import Glibc
import PhysicalMemory

/// Finds the other files of a split dump: those in the same folder that have the same header.
enum KdumpSiblings {
  private static let mostFiles = 4096

  /// All files of the dump that `file` is a part of, in the order of their frames.
  static func parts(
    of file: KdumpFile, path: String, limits: DumpLimits
  ) throws(DumpError) -> (files: [KdumpFile], warnings: [String]) {
    guard file.isSplit else { return ([file], []) }
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[...$0]) } ?? ""
    var files = [file]
    for name in names(in: folder.isEmpty ? "." : folder) where folder + name != path {
      guard let bytes = try? DumpSource.map(folder + name), KdumpFile.recognises(bytes),
        let other = try? KdumpFile(bytes, path: folder + name, limits: limits),
        other.isPart(of: file), !files.contains(where: { $0.frames.overlaps(other.frames) })
      else { continue }
      files.append(other)
    }
    // Of parts without frames several may begin alike.
    files.sort {
      ($0.frames.lowerBound, $0.header.path) < ($1.frames.lowerBound, $1.header.path)
    }
    return (files, warnings(files))
  }

  private static func warnings(_ files: [KdumpFile]) -> [String] {
    var warnings: [String] = []
    var next: UInt64 = 0
    for file in files {
      if file.frames.lowerBound > next {
        warnings.append(
          "the dump is split, and no file beside this one has frames \(next.hex) to"
            + " \((file.frames.lowerBound - 1).hex): they are missing")
      }
      next = file.frames.upperBound
    }
    let others = files.map(\.header.path).joined(separator: ", ")
    // The last file may end before the last frame of the machine: who splits counts whole pages.
    warnings.append("the dump is split over \(files.count) files: \(others)")
    return warnings
  }

  private static func names(in folder: String) -> [String] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while names.count < mostFiles, let entry = unsafe readdir(directory) {
      guard unsafe entry.pointee.d_type == DT_REG || entry.pointee.d_type == DT_UNKNOWN else {
        continue
      }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      names.append(name)
    }
    return names.sorted()
  }
}
