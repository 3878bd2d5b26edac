import Foundation
import Testing

/// What Windows makes of accesses, on the command line, over a raw image written here.
@Suite struct WindowsFaultTests {
  private let place: Workplace
  private static let options = ["--mode", "x86-64", "--root", "0x1000"]
  private static let kernel = ["--os", "windows-19041.508", "--invalid-mask", "0x200000000000"]
  /// Kernel memory: this address is at physical 0x10000.
  private static let base: UInt64 = 0xffff_8000_0000_0000

  init() throws {
    place = try Workplace()
    try Self.image().write(to: place.url.appending(path: "windows.raw"))
  }

  /// Four levels of tables for user pages from 0 on and for sixteen pages of kernel memory, and a
  /// list of two processes in the shape of Windows 10 19041.
  private static func image() -> Data {
    var image = Data(count: 0x20000)
    func put(_ value: UInt64, _ size: Int, _ address: UInt64) {
      for index in 0..<size {
        image[Int(address) + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
      }
    }
    let tables: [(UInt64, UInt64)] = [
      (0x1000, 0x5067), (0x5000, 0x6067), (0x6000, 0x7067), (0x1800, 0x2063), (0x2000, 0x3063),
      (0x3000, 0x4063),
    ]
    for (address, entry) in tables { put(entry, 8, address) }
    for page in 0..<16 as Range<UInt64> { put(0x10000 + page << 12 | 0x63, 8, 0x4000 + page * 8) }
    // Swizzled by bit 45: demand zero; page file 1, page 0x777; clean, writable page.
    put(0x2000_0000_0080, 8, 0x7000 + 0x10 * 8)
    put(0x2777_0000_1084, 8, 0x7000 + 0x11 * 8)
    put(0x1_2825, 8, 0x7000 + 0x12 * 8)
    let records: [(UInt64, UInt64, String, UInt64, UInt64)] = [
      (0x1000, 4, "System", 0x1000, 0x2448), (0x2000, 0x4d2, "notepad.exe", 0x1002, 0x100),
    ]
    put(base + 0x1448, 8, 0x10100)
    for (record, pid, name, root, next) in records {
      put(root, 8, 0x10000 + record + 0x28)
      put(pid, 8, 0x10000 + record + 0x440)
      put(base + next, 8, 0x10000 + record + 0x448)
      for (index, byte) in name.utf8.enumerated() {
        image[Int(0x10000 + record + 0x5a8) + index] = byte
      }
    }
    // notepad's one VAD: pages 0x20 to 0x2f, private, committed, PAGE_READWRITE.
    put(base + 0x5000, 8, 0x127d8)
    put(0x20, 4, 0x15018)
    put(0x2f, 4, 0x1501c)
    put(4 << 7 | 1 << 20, 4, 0x15030)
    put(1 << 31, 4, 0x15034)
    return image
  }

  private func fault(_ arguments: String..., input: String = "") throws -> Command.Outcome {
    try Command.run(
      ["fault", "windows.raw"] + Self.options + Self.kernel + arguments, input: input, in: place)
  }

  @Test func theKernelsVerdictIsAnObject() throws {
    let outcome = try fault("0x10000", "--access", "write", "--json")
    #expect(outcome.status == 0)
    #expect(
      outcome.output
        == #"{"va":"0x10000","access":"write","as":"user","outcome":"page-fault","#
        + #""error_code":"0x6","os":{"system":"windows","state":"demand-zero","protection":4,"#
        + #""protection_name":"PAGE_READWRITE","modifier":"none","#
        + #""handler":["MmAccessFault","MiResolveDemandZeroFault"],"cost":"soft","#
        + #""status":"STATUS_PAGE_FAULT_DEMAND_ZERO","status_code":"0x111"}}"# + "\n")
  }

  @Test func aBugCheckHasItsArguments() throws {
    let outcome = try fault("0xffff810000000000", "--as", "supervisor", "--json")
    #expect(
      outcome.output.contains(
        #""cost":"fatal","bugcheck":{"code":"0x50","name":"PAGE_FAULT_IN_NONPAGED_AREA","#
          + #""args":["0xffff810000000000","0x0",null,"0x2"]}"#))
  }

  @Test func atDispatchLevelNoPageIsBroughtIn() throws {
    let outcome = try fault("0x10000", "--as", "supervisor", "--irql", "2", "--json")
    #expect(outcome.output.contains(#""irql":2,"handler":["MmAccessFault"],"cost":"fatal""#))
    #expect(
      outcome.output.contains(
        #""bugcheck":{"code":"0xa","name":"IRQL_NOT_LESS_OR_EQUAL","#
          + #""args":["0x10000","0x2","0x0",null]}"#))
    let text = try fault("0x10000", "--as", "supervisor", "--irql", "2")
    #expect(text.output.contains("MmAccessFault at IRQL 2\n"))
    // At APC_LEVEL it is, and a valid page is no fault at any level.
    let lower = try fault("0x10000", "--as", "supervisor", "--irql", "1", "--json")
    #expect(lower.output.contains("STATUS_PAGE_FAULT_DEMAND_ZERO"))
  }

  @Test(arguments: [
    (["--irql", "2"], "programs run below DISPATCH_LEVEL"),
    (["--irql", "16", "--as", "supervisor"], "the levels are 0 to 15"),
    (["--irql", "300"], "does not fit a byte"),
  ])
  func anInterruptLevelThatCannotBeIsRefused(arguments: [String], message: String) throws {
    let outcome = try Command.run(
      ["fault", "windows.raw", "0x10000"] + Self.options + Self.kernel + arguments, in: place)
    #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
    let bare = try Command.run(
      ["fault", "windows.raw", "0x10000", "--irql", "2"] + Self.options, in: place)
    #expect(bare.status == 64 && bare.errors.contains("--irql is about Windows"))
    let batch = try fault("--batch", "--irql", "2")
    #expect(batch.status == 64)
  }

  @Test func whereTheByteIsInAPageFileIsSaid() throws {
    #expect(
      try fault("0x11000", "--json").output.contains(
        #""page_file":1,"page_file_offset":"0x777","file_offset":"0x777000""#))
    #expect(
      try fault("0x11000").output.contains("page 0x777 of page file 1, from byte 0x777000 on"))
  }

  /// No list of processes is given: nobody knows the VADs.
  @Test func whatIsNotKnownHasAReason() throws {
    let outcome = try fault("0x20000", "--json")
    #expect(!outcome.output.contains(#""cost""#))
    #expect(outcome.output.contains(#""reason":"the VAD of the address decides"#))
    #expect(
      try fault("0x20000").output.contains(
        "what becomes of the access is not known: the VAD of the address decides"))
  }

  @Test func batchesHaveTheVerdictToo() throws {
    let input = "0x10000 read user\n0x11000 read user\n0x12000 write user\n"
    let outcome = try fault("--batch", "--json", input: input)
    let words = outcome.lines.map { line in
      ["demand-zero", "page-file", "valid"].first { line.contains(#""state":"\#($0)""#) } ?? ""
    }
    #expect(words == ["demand-zero", "page-file", "valid"])
    #expect(outcome.lines[1].contains(#""page_file":1,"page_file_offset":"0x777""#))
    let text = try fault("--batch", input: input)
    #expect(text.lines[2].hasSuffix("valid, soft: STATUS_SUCCESS (0x0)"))
  }

  @Test func theRulesAreNamed() throws {
    let outcome = try fault("0x12000", "--access", "write", "--explain")
    #expect(outcome.output.contains("what Windows goes by\n"))
    #expect(outcome.output.contains("it is no violation"))
  }

  @Test func processesComeFromTheirList() throws {
    let list = ["--process-list", "0xffff800000000100"]
    let info = try Command.run(
      ["info", "windows.raw", "--json"] + Self.options + Self.kernel + list, in: place)
    #expect(info.output.contains(#"{"root":"0x1000","pid":4,"process":"System""#))
    #expect(
      info.output.contains(
        #""pid":1234,"process":"notepad.exe","found_by":"process list; no self-map there: doubtful"}"#
      ))
    #expect(info.output.contains(#""os":"windows-19041.508""#))
    let fault = try Command.run(
      ["fault", "windows.raw", "0x20000", "--json", "--process", "notepad.exe"] + Self.options
        + Self.kernel + list, in: place)
    #expect(fault.output.contains(#""state":"demand-zero","entry_state":"zero""#))
    #expect(fault.output.contains(#""vad":{"address":"0xffff800000005000","start":"0x20000""#))
  }

  @Test(arguments: [
    (["--os", "windows-1.2"], "there are windows-3790.3959"),
    (["--os", "beos"], "there are: none, Windows as in windows-19041.508"),
    (["--invalid-mask", "0x200000000000"], "--invalid-mask is about Windows"),
    (
      ["--os", "windows-7", "--invalid-mask", "0x80"],
      "the mask is one address bit, of 51 to 32, or 0"
    ),
    (["--os", "windows-7", "--invalid-mask", "0x300000000000"], "the mask is one address bit"),
    (["--os", "windows-7", "--pfn-database", "0xfffffa8000000008"], "no boundary of a page"),
    (["--os", "windows-7", "--virtual-store", "16"], "page files have the numbers 0 to 15"),
    (["--os", "windows-7", "--virtual-store", "2"], "no page file of windows-7601"),
  ])
  func whatCannotBeIsRefused(arguments: [String], message: String) throws {
    let outcome = try Command.run(
      ["info", "windows.raw"] + Self.options + arguments, in: place)
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
  }
}
