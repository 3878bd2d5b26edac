public import DumpFormats
import Glibc
import PhysicalMemory

extension Virt2PhysFiles {
  /// Writes the files into a folder, all of them or none.
  ///
  /// The folder is made where it is not there.
  ///
  /// - Parameters:
  ///   - folder: the folder.
  ///   - force: whether files that are there are replaced.
  /// - Returns: the files that were left out, each with the address of memory that the image lacks.
  /// - Throws: `DumpError`; then no file is new.
  public func export(to folder: String, force: Bool = false) throws(DumpError) -> [MissingFile] {
    var missing: [MissingFile] = []
    let isNew = try Self.make(folder)
    do throws(DumpError) {
      var files: [OutputFile] = []
      for file in Self.files(of: machine) {
        let name = Self.name(of: file, in: machine)
        let contents = contents(of: file)
        let bytes: [UInt8]
        do throws(FileFailure) {
          bytes = try contents.read(at: 0, count: Int(contents.size), in: machine)
        } catch {
          missing.append(MissingFile(name: name, failure: error))
          continue
        }
        guard bytes.count == Int(contents.size) else {
          missing.append(MissingFile(name: name, failure: .absent(nil)))
          continue
        }
        let output = try OutputFile("\(folder)/\(name)", force: force)
        try output.write(bytes)
        files.append(output)
      }
      for file in files { try file.commit() }
      // One of an earlier export would pass for what is not known.
      for file in missing where force { unsafe unlink("\(folder)/\(file.name)") }
    } catch {
      if isNew { unsafe rmdir(folder) }
      throw error
    }
    return missing
  }

  /// Makes the folder; false where it is there already.
  private static func make(_ folder: String) throws(DumpError) -> Bool {
    if unsafe mkdir(folder, 0o777) == 0 { return true }
    var status = stat()
    if errno == EEXIST, unsafe stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      return false
    }
    let reason = errno == EEXIST ? "it is no folder" : unsafe String(cString: strerror(errno))
    throw .cannotCreate(path: folder, reason: reason, suggestion: "name a folder")
  }

  /// A file that could not be written because the image lacks what is in it.
  public struct MissingFile: Sendable {
    /// Its name.
    public let name: String
    /// Why there are no bytes.
    public let failure: FileFailure
  }
}
