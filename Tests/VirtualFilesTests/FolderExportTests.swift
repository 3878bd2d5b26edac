import DumpFormats
import Foundation
import Machine
import PhysicalMemory
import Testing
import VirtualFiles

/// The files about an address, written into a folder.
@Suite final class FolderExportTests {
  private let folder = FileManager.default.temporaryDirectory
    .appending(path: "mmubench-export-\(UUID().uuidString)")

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func files(_ scenario: String, _ address: UInt64, space: Int = 0) throws -> Virt2PhysFiles
  {
    var machine = try Fixture.machine(scenario)
    machine.paging = machine.paging(of: machine.addressSpaces[space])
    return Virt2PhysFiles(machine, VirtualAddress(address))
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  @Test func filesAreThoseOfTheTree() throws {
    #expect(try files("x86/x64-4k-basic", 0x40_0123).export(to: folder.path).isEmpty)
    let tree = try Fixture.tree("x86/x64-4k-basic")
    try tree.write("400123", to: "pid/1/virt2phys/virt.txt")
    #expect(try names == tree.names(in: "pid/1/virt2phys").sorted())
    for name in try names {
      let bytes = try Data(contentsOf: folder.appending(path: name))
      #expect(Array(bytes) == (try tree.read("pid/1/virt2phys/\(name)")), "\(name)")
    }
  }

  @Test func nothingIsReplacedUnlessWanted() throws {
    let files = try files("x86/x64-4k-basic", 0x40_0123)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let mine = folder.appending(path: "page.mem")
    try Data("mine".utf8).write(to: mine)
    #expect(throws: DumpError.self) { try files.export(to: folder.path) }
    #expect(try names == ["page.mem"])
    #expect(try Data(contentsOf: mine) == Data("mine".utf8))
    #expect(try files.export(to: folder.path, force: true).isEmpty)
    #expect(try Data(contentsOf: mine).count == 4096)
  }

  /// A page of an earlier export must not pass for one that the image does not hold.
  @Test func whatIsMissingLeavesNoFile() throws {
    _ = try files("x86/x64-4k-basic", 0x40_0123).export(to: folder.path)
    let files = try files("dumps/rekall-pas2vas-1a58f000", 0x766c_0000, space: 2)
    let missing = try files.export(to: folder.path, force: true)
    #expect(missing.map(\.name).contains("page.mem"))
    #expect(try !names.contains("page.mem"))
    #expect(try names.contains("map.txt"))
  }
}
