import BitLayout
import Paging
import Testing
import WindowsMemory

/// Which kernel a name means.
@Suite struct WindowsKernelTests {
  @Test(arguments: [
    ("windows-2600.6419", PagingMode.x86, "5.1.2600.6419"),
    ("windows-2600.6419-up", .x86, "5.1.2600.6419"),
    ("windows-7601.17514", .x86, "6.1.7601.17514"), ("windows-7601.17514", .pae, "6.1.7601.17514"),
    ("windows-7601.17514-up", .pae, "6.1.7601.17514"),
    ("windows-7601.17514", .x86_64, "6.1.7601.17514"),
    ("windows-9600.17031", .pae, "6.3.9600.17031"),
    ("windows-9600.17031", .x86_64, "6.3.9600.17031"),
    ("windows-10240.16384", .pae, "10.0.10240.16384"),
    ("windows-10240.16384", .x86_64, "10.0.10240.16384"),
    ("windows-17134.619", .x86_64, "10.0.17134.619"),
    ("windows-17134.619", .arm64, "10.0.17134.619"),
    ("windows-19041.508", .pae, "10.0.19041.508"), ("windows-19041.508", .la57, "10.0.19041.508"),
    ("windows-22000.194", .x86_64, "10.0.22000.194"), ("WINDOWS-XP", .x86, "5.1.2600.6419"),
    ("windows-10-1803", .x86_64, "10.0.17134.1"),
  ])
  func aKernelOfTheTableIsTakenWithoutNotes(name: String, mode: PagingMode, version: String) throws
  {
    let kernel = try WindowsKernel(named: name, mode: mode)
    #expect(kernel.version == version)
    #expect(kernel.notes == [])
    #expect(!kernel.isGenerationUncertain)
  }

  /// A patch level that is not in the table, what is taken for it, and whether the entries may
  /// differ (bounds of the change of August 2018: the rows of the table on both sides).
  @Test(arguments: [
    ("windows-19041.600", PagingMode.x86_64, "10.0.19041.508", false),
    ("windows-19041.1", .x86_64, "10.0.19041.264", false),
    ("windows-19045.3000", .x86_64, "10.0.19041.928", false),
    ("windows-19041", .x86_64, "10.0.19041.928", false),
    ("windows-17134.228", .x86_64, "10.0.17134.1", true),
    ("windows-17134.619", .pae, "10.0.17134.590", false),
    ("windows-17134.700", .x86_64, "10.0.17134.619", false),
    ("windows-9200.20000", .x86_64, "6.2.9200.16384", true),
    ("windows-7601.24444", .pae, "6.1.7601.17514", true),
    ("windows-7601.20000", .x86_64, "6.1.7601.17514", true),
    ("windows-7601.20000", .x86, "6.1.7601.17514", false),
    ("windows-10586.1600", .x86_64, "10.0.10586.1540", false),
    ("windows-22621.1", .x86_64, "10.0.22621", false),
    ("windows-11-24h2", .x86_64, "10.0.26100", false),
    ("windows-28100.5", .x86_64, "10.0.28000", false),
  ])
  func theNewestKnownKernelNotAfterItIsTaken(
    name: String, mode: PagingMode, version: String, isUncertain: Bool
  ) throws {
    let kernel = try WindowsKernel(named: name, mode: mode)
    #expect(kernel.version == version)
    #expect(kernel.notes.count == 1, "\(kernel.notes)")
    #expect(kernel.isGenerationUncertain == isUncertain)
  }

  @Test func theFieldsOfKernelsAreThoseOfTheirProcessors() throws {
    func name(_ id: String, bit: Int) throws -> String {
      let layout = try #require(try WindowsKernel(named: id, mode: .x86).layout(.hardware))
      return try #require(layout.fields.first { $0.low == bit }.map { "\($0.name)" })
    }
    // Before Vista the writable bit of software is bit 11 on multiprocessor kernels only.
    #expect(try name("windows-2600.6419", bit: 1) == "Writable")
    #expect(try name("windows-2600.6419", bit: 11) == "Write")
    #expect(try name("windows-2600.6419-up", bit: 1) == "Write")
  }

  @Test func allAliasesMeanAKernel() throws {
    for (alias, id) in WindowsKernelID.aliases {
      let kernel = try WindowsEntryFormat.allCases.compactMap { format in
        let id = try WindowsKernelID(alias)
        return WindowsKernel.has(id, format) ? try WindowsKernel(id, format) : nil
      }
      #expect(!kernel.isEmpty, "\(alias) \(id)")
    }
  }

  @Test(arguments: [
    "", "windows", "windows-", "windows-.", "windows-19041.", "windows-+19041", "windows-19041.5.6",
    "windows-99999999999999999999", "windows-1٣", "linux-6.1", "windows-2600.6419-mp", "windows-12",
  ])
  func whatIsNoNameIsRefused(text: String) {
    #expect(throws: WindowsKernelError.self) { try WindowsKernel(named: text, mode: .x86) }
  }

  @Test func aModeWithoutLayoutsIsAnErrorThatListsWhatThereIs() throws {
    let error = #expect(throws: WindowsKernelError.self) {
      try WindowsKernel(named: "windows-22000.194", mode: .pae)
    }
    let text = "\(try #require(error))"
    #expect(text.contains("windows-22000.194 has no layouts of PAE entries"))
    #expect(text.contains("it has them of x64 entries"))
    #expect(text.contains("windows-3790.3959, ") && text.contains("windows-19041.928"))
    #expect(throws: WindowsKernelError.self) {
      try WindowsKernel(named: "windows-19041.508-up", mode: .pae)
    }
    #expect(throws: WindowsKernelError.self) {
      try WindowsKernel(named: "windows-2195.7376", mode: .x86)
    }
  }

  @Test func unsureSourcesSaySo() throws {
    let kernel = try WindowsKernel(named: "windows-28000", mode: .x86_64)
    #expect(kernel.source == .uncertain)
    #expect(kernel.notes.contains { $0.contains("confirmed") })
    #expect("\(try #require(kernel.layout(.prototype)).citation)".contains("uncertain"))
    #expect(try WindowsKernel(named: "windows-11-22h2", mode: .x86_64).source == .headers)
  }
}
