import DumpFormats
import Foundation
public import LinuxMemory
public import Paging

extension GuestTruth {
  /// Reads a truth file, compressed or not.
  public static func read(_ path: String) throws -> GuestTruth {
    let bytes = try Decompression.text(path)
    do {
      let truth = try JSONDecoder().decode(GuestTruth.self, from: Data(bytes))
      guard truth.schema == "mmu-lab-truth/1" else {
        throw Problem(description: "\(path): schema \(truth.schema) is not mmu-lab-truth/1")
      }
      guard !truth.processes.isEmpty else {
        throw Problem(description: "\(path): no process: there is nothing to compare")
      }
      for process in truth.processes {
        for area in process.maps where area.start.value > area.end.value {
          throw Problem(
            description: "\(path): an area of process \(process.pid) ends before it starts")
        }
      }
      return truth
    } catch let error as DecodingError {
      throw Problem(description: "\(path): \(describe(error))")
    }
  }

  static func describe(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context, _ what: String) -> String {
      let path = context.codingPath.map { key in
        key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)"
      }.joined()
      return path.isEmpty ? what : "\(path.drop { $0 == "." }): \(what)"
    }
    switch error {
    case .dataCorrupted(let context): return place(context, context.debugDescription)
    case .keyNotFound(let key, let context):
      return place(context, "there is no key \"\(key.stringValue)\"")
    case .typeMismatch(let type, let context): return place(context, "expected \(word(for: type))")
    case .valueNotFound(let type, let context):
      return place(context, "expected \(word(for: type)), found null")
    @unknown default: return "\(error)"
    }
  }

  /// What JSON calls a value of a type.
  private static func word(for type: any Any.Type) -> String {
    switch type {
    case is any BinaryInteger.Type: "a number"
    case is String.Type: "a text"
    case is Bool.Type: "true or false"
    case is any Sequence.Type: "a list"
    default: "an object"
    }
  }

  /// The version of the guest's kernel, where the file says it.
  public var kernelVersion: LinuxVersion? {
    // "Linux version 6.1.0-50-amd64 (...) ..."
    guard let words = guest?.version?.split(separator: " "), words.count > 2 else { return nil }
    return LinuxVersion(release: words[2])
  }

  /// The guest's kernel with the entries of a mode; nil where the file does not say its version.
  public func system(_ mode: PagingMode) throws(LinuxKernelError) -> LinuxSystem? {
    guard let kernelVersion else { return nil }
    let kernel = try LinuxKernel(kernelVersion, LinuxEntryFormat(mode))
    var system = LinuxSystem(kernel, foundBy: "truth file")
    // Pages that go to compressed memory are there at once and leave the swap cache.
    let compressed = (guest?.swaps ?? []).filter { $0.path.contains("zram") }
    system.caches.knownAreas = Set(compressed.map(\.type))
    return system
  }

  /// What the guest said of frames, where the file has it.
  var frameFlagTable: RunTable<UInt64>? {
    guard let frameFlags else { return nil }
    var table = RunTable<UInt64>()
    for run in frameFlags {
      guard table.append(from: run.frame, to: run.frame + run.count, run.value) else { return nil }
    }
    return table
  }
}
