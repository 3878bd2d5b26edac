import Foundation
import Machine
import TestSupport
import Testing
import VirtualFiles
import Workbench

/// Machines of the scenarios that ship, and files of their trees.
enum Fixture {
  static func machine(_ scenario: String) throws -> Machine {
    try Workbench.open(Repository.file("Scenarios/\(scenario).yaml").path)
  }

  static func tree(_ scenario: String) throws -> FileTree { FileTree(try machine(scenario)) }
}

extension FileTree {
  /// All of a file.
  func read(_ path: String) throws -> [UInt8] {
    let file = try open(path)
    return try file.read(at: 0, count: Int(file.size))
  }

  func text(_ path: String) throws -> String { String(decoding: try read(path), as: UTF8.self) }

  /// Writes text as a shell does: the file is truncated, written and closed.
  func write(_ text: String, to path: String) throws {
    let file = try open(path, forWriting: true)
    file.truncate()
    let bytes = Array(text.utf8)
    #expect(try file.write(bytes, at: 0) == bytes.count)
    try file.flush()
  }
}
