import LinuxMemory
import Testing

/// Memory areas, as `/proc/PID/maps` and `smaps` have them.
@Suite struct MemoryAreaTests {
  private static let maps = """
    00400000-0049e000 r-xp 00001000 00:02 9                                  /init
    7f00a0000000-7f00a0021000 rw-p 00000000 00:00 0\u{20}
    7f00b0000000-7f00b0030000 rw-s 00002000 fe:10 123 /tmp/with a blank (deleted)
    7ffc37485000-7ffc374a6000 rw-p 00000000 00:00 0                          [stack]

    """

  @Test func aLineIsAnArea() throws {
    let areas = try MemoryAreas(text: Self.maps).areas
    #expect(areas.count == 4)
    #expect(areas.map(\.permissions) == ["r-xp", "rw-p", "rw-s", "rw-p"])
    #expect(areas[0].path == "/init" && areas[0].inode == 9 && areas[0].fileOffset == 0x1000)
    #expect(areas[1].path == "" && !areas[1].hasFile)
    #expect(areas[2].path == "/tmp/with a blank (deleted)" && areas[2].deviceMajor == 0xfe)
    #expect(areas[3].path == "[stack]")
  }

  @Test func anAddressIsInOneAreaOrNone() throws {
    let areas = try MemoryAreas(text: Self.maps)
    #expect(areas.area(holding: 0x3f_ffff) == nil)
    #expect(areas.area(holding: 0x40_0000)?.path == "/init")
    #expect(areas.area(holding: 0x49_dfff)?.path == "/init")
    #expect(areas.area(holding: 0x49_e000) == nil)
    #expect(areas.area(above: 0x49_e000)?.start == 0x7f00_a000_0000)
    #expect(areas.area(above: 0x7fff_ffff_ffff) == nil)
  }

  @Test func smapsAddsFlags() throws {
    let text = """
      7f0000000000-7f0000001000 rw-p 00000000 00:00 0
      Size:                  4 kB
      KernelPageSize:        4 kB
      THPeligible:           0
      VmFlags: rd wr mr mw me ac sd uw xx

      """
    let flags = try #require(try MemoryAreas(text: text).areas.first).flags
    #expect(flags == [.read, .write, .softDirty, .userfaultWriteProtect])
  }

  @Test(arguments: [
    ("nonsense", 1), ("00400000-00300000 r--p 0 00:00 0", 1), ("400000-500000 r--p 0 00:00", 1),
    ("-1-500000 r--p 0 00:00 0", 1), ("400000-500000 rwxpp 0 00:00 0", 1),
    ("400000-500000 r--p 0 00:00 0\n480000-600000 r--p 0 00:00 0", 2),
    ("VmFlags: rd", 1), ("400000-ffffffffffffffffff r--p 0 00:00 0", 1),
  ])
  func whatIsNoAreaIsRefusedWithItsLine(text: String, line: Int) {
    let error = #expect(throws: MemoryAreas.Problem.self) { try MemoryAreas(text: text) }
    #expect(error?.line == line)
  }
}
