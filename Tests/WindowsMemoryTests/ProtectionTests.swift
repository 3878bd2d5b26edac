import Testing
import WindowsMemory

/// The 32 protections of the memory manager.
@Suite struct ProtectionTests {
  /// Base: names, value as programs know it, and whether it lets write, execute, copies on write.
  static let bases: [(String, String, UInt32, Bool, Bool, Bool)] = [
    ("MM_ZERO_ACCESS", "PAGE_NOACCESS", 0x01, false, false, false),
    ("MM_READONLY", "PAGE_READONLY", 0x02, false, false, false),
    ("MM_EXECUTE", "PAGE_EXECUTE", 0x10, false, true, false),
    ("MM_EXECUTE_READ", "PAGE_EXECUTE_READ", 0x20, false, true, false),
    ("MM_READWRITE", "PAGE_READWRITE", 0x04, true, false, false),
    ("MM_WRITECOPY", "PAGE_WRITECOPY", 0x08, true, false, true),
    ("MM_EXECUTE_READWRITE", "PAGE_EXECUTE_READWRITE", 0x40, true, true, false),
    ("MM_EXECUTE_WRITECOPY", "PAGE_EXECUTE_WRITECOPY", 0x80, true, true, true),
  ]
  static let modifiers: [(MMProtection.Modifier, String, UInt32)] = [
    (.none, "", 0), (.nocache, " | MM_NOCACHE", 0x200), (.guardPage, " | MM_GUARD_PAGE", 0x100),
    (.writecombine, " | MM_WRITECOMBINE", 0x400),
  ]

  @Test func basesAndModifiersAreSeparateFacts() throws {
    for (high, (modifier, suffix, bit)) in Self.modifiers.enumerated() {
      for (low, base) in Self.bases.enumerated() where low > 0 {
        let protection = try #require(MMProtection(rawValue: UInt8(high * 8 + low)))
        #expect(protection.name == base.0 + suffix)
        #expect(protection.pageName == base.1)
        #expect(protection.pageValue == base.2 | bit)
        #expect(protection.modifier == modifier)
        #expect(protection.allowsWrite == base.3)
        #expect(protection.allowsExecute == base.4)
        #expect(protection.isCopyOnWrite == base.5)
        #expect(!protection.refusesAccess)
        #expect(MMProtection(base: base.0, modifier: modifier) == protection)
        #expect(MMProtection(base: base.1.lowercased(), modifier: modifier) == protection)
      }
    }
  }

  @Test(arguments: [
    (0x00, "MM_ZERO_ACCESS"), (0x08, "MM_ZERO_ACCESS | MM_NOCACHE"), (0x10, "MM_DECOMMIT"),
    (0x18, "MM_NOACCESS"),
  ])
  func aModifierAloneIsSomethingElse(bits: UInt8, name: String) throws {
    let protection = try #require(MMProtection(rawValue: bits))
    #expect(protection.name == name)
    #expect(protection.modifier == .none)
    #expect(protection.refusesAccess && !protection.allowsWrite && !protection.allowsExecute)
    #expect(protection.pageName == "PAGE_NOACCESS" && protection.pageValue == 1)
  }

  @Test func thereAreThirtyTwo() {
    #expect(MMProtection(rawValue: 31) != nil)
    #expect(MMProtection(rawValue: 32) == nil)
    #expect(MMProtection(base: "PAGE_NOACCESS", modifier: .guardPage) == nil)
    #expect(MMProtection(base: "PAGE_WRITE") == nil)
  }
}
