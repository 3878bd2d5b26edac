import BitLayout
import Foundation
import TestSupport
import Testing
import WindowsMemory

/// The generated layouts against the tables that they were generated from.
@Suite struct LayoutTableTests {
  private static let tables = Repository.file("Tools/windows-layouts")

  private struct Row {
    let structure, arch, kernel, version, field: String
    let low, high: Int
    let isSigned: Bool

    /// The name by which a user finds the kernel, and the format of its entries (the key of the
    /// table: ntoskrnl on x86 up to 6.1 is non-PAE UP, ntkrnlmp non-PAE MP, ntkrnlpa PAE UP,
    /// ntkrpamp PAE MP; from 6.2 on x86 is PAE).
    func address() throws -> (WindowsKernelID, WindowsEntryFormat) {
      let version = version.split(separator: ".").compactMap { Int($0) }
      let isVista = version[0] >= 6
      let isWindows8 = (version[0], version[1]) >= (6, 2)
      let isUP = ["ntoskrnl", "ntkrnlpa"].contains(kernel) && !isVista
      let id = WindowsKernelID(build: version[2], patch: version[3], isUniprocessor: isUP)
      let isPAE = isWindows8 || ["ntkrnlpa", "ntkrpamp"].contains(kernel)
      switch arch {
      case "x86": return (id, isPAE ? .pae : .x86)
      case "x64": return (id, .x64)
      default: return (id, try #require(WindowsEntryFormat(rawValue: arch)))
      }
    }
  }

  private static func rows(_ name: String) throws -> [Row] {
    let text = try String(contentsOf: tables.appending(path: name), encoding: .utf8)
    return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.dropFirst().map { line in
      let words = line.split(separator: "\t").map(String.init)
      return Row(
        structure: words[0], arch: words[1], kernel: words[2], version: words[3], field: words[4],
        low: try #require(Int(words[5])), high: try #require(Int(words[6])),
        isSigned: words[7] == "1")
    }
  }

  @Test(arguments: [
    ("symbols.tsv", 8176, 93), ("later-kernels.tsv", 502, 5), ("derived-kernels.tsv", 156, 3),
  ])
  func everyFieldOfEveryKernelComesBack(table: String, count: Int, kernels: Int) throws {
    let rows = try Self.rows(table)
    #expect(rows.count == count)
    var expected: [String: [Row]] = [:]
    for row in rows {
      expected["\(row.arch) \(row.kernel) \(row.version) \(row.structure)", default: []].append(row)
    }
    #expect(Set(rows.map { "\($0.arch) \($0.kernel) \($0.version)" }).count == kernels)
    var compared = 0
    for (key, rows) in expected {
      let (id, format) = try rows[0].address()
      let kernel = try WindowsKernel(id, format)
      let structure = try #require(WindowsStructure(rawValue: rows[0].structure))
      let layout = try #require(kernel.layout(structure), "\(key)")
      let named = layout.fields.filter { "\($0.name)" != "\(WindowsKernel.gapName)" }
      let signed = kernel.signedBits(of: structure)
      #expect(named.count == rows.count, "\(key)")
      // Two bytes with a name each are one word here: the second begins where the count restarts.
      var base = 0
      var last = -1
      for (row, field) in zip(rows, named) {
        if row.low < last { base += 8 }
        last = row.high
        #expect("\(field.name)" == row.field, "\(key)")
        #expect(Int(field.low) == row.low + base && Int(field.high) == row.high + base, "\(key)")
        #expect((signed & field.mask == field.mask) == row.isSigned, "\(key) \(row.field)")
        compared += 1
      }
    }
    #expect(compared == count)
  }

  @Test func noKernelHasAStructureThatTheTablesLack() throws {
    let keys = try Set(
      (Self.rows("symbols.tsv") + Self.rows("later-kernels.tsv")
        + Self.rows("derived-kernels.tsv")).map { row in
          let (id, format) = try row.address()
          return
            "\(try WindowsKernel(id, format).version) \(format) \(id.isUniprocessor) \(row.structure)"
        })
    var found: Set<String> = []
    for format in WindowsEntryFormat.allCases {
      for id in WindowsKernel.identifiers(of: format) {
        let kernel = try WindowsKernel(id, format)
        for structure in WindowsStructure.allCases where kernel.layout(structure) != nil {
          found.insert("\(kernel.version) \(format) \(id.isUniprocessor) \(structure.rawValue)")
        }
      }
    }
    #expect(found == keys)
  }

  @Test func layoutsTileTheirWords() throws {
    for format in WindowsEntryFormat.allCases {
      for id in WindowsKernel.identifiers(of: format) {
        let kernel = try WindowsKernel(id, format)
        for structure in WindowsStructure.allCases {
          guard let layout = kernel.layout(structure) else { continue }
          let (gaps, overlaps) = layout.tiling
          #expect(gaps == 0 && overlaps == 0, "\(id) \(structure)")
          #expect(layout.fields.allSatisfy { !"\($0.meaning)".isEmpty })
          if structure.isEntry { #expect(layout.width == format.width) }
        }
      }
    }
  }

  @Test func theGeneratedFileIsWhatTheTablesSay() throws {
    let status = try Repository.check("Tools/windows-layouts/generate.py")
    #expect(status == 0, "Tools/dev layouts writes it anew")
  }
}
