import Testing
import VirtualFiles

/// How addresses are written into `virt.txt`.
@Suite struct AddressTextTests {
  private static let file = "pid/1/virt2phys/virt.txt"
  private let tree: FileTree

  init() throws {
    tree = try Fixture.tree("x86/x64-4k-basic")
    try tree.write("abc", to: Self.file)
  }

  @Test(arguments: [
    ("400123", 0x40_0123), ("400123\n", 0x40_0123), ("0x400123\n", 0x40_0123),
    ("0X400123", 0x40_0123), ("0x40_0123", 0x40_0123), ("  400123 \r\n", 0x40_0123),
    ("0000000000400123", 0x40_0123), ("fffff800`12345678\n", 0xffff_f800_1234_5678),
    ("FFFFF80012345678", 0xffff_f800_1234_5678), ("10", 0x10), ("0", 0), ("abc\n\n", 0xabc),
  ])
  func everyNotationIsUnderstood(text: String, address: UInt64) throws {
    try tree.write(text, to: Self.file)
    let digits = String(address, radix: 16)
    let expected = String(repeating: "0", count: 16 - digits.count) + digits
    #expect(try tree.text(Self.file) == expected)
  }

  @Test(arguments: [
    "zz", "\n", "0x\n", "-1", "0x10000000000000000", "40 0123", "400123\n5", "0x40__0", "4.0",
    "0xg", "`400", String(repeating: "0", count: 80),
  ])
  func whatIsNoAddressIsRefusedAndChangesNothing(text: String) throws {
    #expect(throws: FileFailure.notAnAddress) { try tree.write(text, to: Self.file) }
    #expect(try tree.text(Self.file) == "0000000000000abc")
  }

  @Test func piecesComeTogether() throws {
    let file = try tree.open(Self.file, forWriting: true)
    file.truncate()
    var offset: UInt64 = 0
    for part in ["0x", "40_", "0123"] {
      offset += UInt64(try file.write(Array(part.utf8), at: offset))
    }
    try file.flush()
    #expect(try tree.text(Self.file) == "0000000000400123")
  }

  /// As MemProcFS does: what is written over the last digits leaves the first ones.
  @Test func digitsCanBeWrittenOver() throws {
    try tree.write("0x400123", to: Self.file)
    let file = try tree.open(Self.file, forWriting: true)
    #expect(try file.write(Array("ff".utf8), at: 14) == 2)
    #expect(try tree.text(Self.file) == "00000000004001ff")
  }

  /// `>> virt.txt` would make one number of two; MemProcFS takes such bytes and does nothing with them.
  @Test func whatIsAppendedToAnAddressIsRefusedAndChangesNothing() throws {
    for text in ["401000\n", "4", "0x"] {
      let file = try tree.open(Self.file, forWriting: true)
      #expect(throws: FileFailure.notAnAddress) { try file.write(Array(text.utf8), at: 16) }
    }
    // Nor do digits that are written over others make it longer.
    let file = try tree.open(Self.file, forWriting: true)
    #expect(throws: FileFailure.notAnAddress) { try file.write(Array("12345".utf8), at: 12) }
    #expect(try tree.text(Self.file) == "0000000000000abc")
    #expect(try file.write(Array("123\n".utf8), at: 13) == 4)
    #expect(try tree.text(Self.file) == "0000000000000123")
  }

  @Test func anAddressThatIsNeverFinishedIsRefusedAtTheEnd() throws {
    let file = try tree.open(Self.file, forWriting: true)
    #expect(try file.write(Array("0x".utf8), at: 0) == 2)
    #expect(throws: FileFailure.notAnAddress) { try file.flush() }
    #expect(try tree.text(Self.file) == "0000000000000abc")
  }

  @Test func openingAndClosingChangesNothing() throws {
    let file = try tree.open(Self.file, forWriting: true)
    file.truncate()
    try file.flush()
    #expect(try tree.text(Self.file) == "0000000000000abc")
  }

  @Test func addressesOf32BitsAreNotLonger() throws {
    let tree = try Fixture.tree("x86/x86-pse-4m")
    #expect(throws: FileFailure.notAnAddress) { try tree.write("0x100000000", to: Self.file) }
    try tree.write("ffffffff", to: Self.file)
    #expect(try tree.text(Self.file) == "ffffffff")
  }
}
