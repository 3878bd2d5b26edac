import Glibc
public import PhysicalMemory

extension ScenarioRunner {
  /// The scenario files under files and folders, in the order of their paths, each once.
  ///
  /// Folders are searched through and through; links to folders are not followed, so that no
  /// circle of links is endless.
  public static func scenarios(in paths: [String]) throws(SystemError) -> [String] {
    var files: [String] = []
    for path in paths { try collect(path, isNamed: true, into: &files) }
    var seen: Set<String> = []
    return files.filter { seen.insert($0).inserted }
  }

  /// Whether anything has this path.
  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  private static func collect(
    _ path: String, isNamed: Bool, into files: inout [String]
  ) throws(SystemError) {
    var status = stat()
    let answer = unsafe isNamed ? stat(path, &status) : lstat(path, &status)
    guard answer == 0 else { throw SystemError("open", path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      if isNamed || Workbench.isScenario(path) { files.append(path) }
      return
    }
    for name in try names(in: path) {
      try collect(
        path.hasSuffix("/") ? path + name : "\(path)/\(name)", isNamed: false, into: &files)
    }
  }

  private static func names(in folder: String) throws(SystemError) -> [String] {
    guard let stream = unsafe opendir(folder) else {
      throw SystemError("open", folder, code: errno)
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
