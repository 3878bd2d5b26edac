import BitLayout
import Paging
import TestSupport
import Testing

/// The documentation's tables of entries and registers are those that the walker reads.
@Suite struct LayoutDocumentTests {
  private static let modes: [(PagingMode, String)] = [
    (.x86, "32-bit paging"), (.pae, "PAE paging"), (.la57, "4-level and 5-level paging"),
    (.arm64, "arm64, 4-Kbyte granule"),
  ]

  @Test func documentShowsTheLayouts() throws {
    var document = LayoutDocument(
      title: "Layouts of entries and registers",
      summary: "Every bit that the processor reads, as the tables have it that the code reads.",
      overview: """
        This page is made from the layouts and a test compares the two. *value* is a control or status bit or a number, *address* part of a physical
        address, *ignored* is software's, and a *reserved* bit that is set ends the walk with a fault.
        """)
    for (mode, title) in Self.modes {
      document.section(title)
      let state = PagingState(mode: mode)
      for level in (1...mode.levelCount).reversed() {
        for isPage in [false, true] {
          if let layout = state.layout(level: level, isPage: isPage) { document.add(layout) }
        }
      }
    }
    document.section("The top entries of AMD's processors")
    document.add(LongModeLayouts.pml5eOfAMD)
    document.add(LongModeLayouts.pml4eOfAMD)
    document.section("Control registers")
    for (name, fields) in [
      ("CR0", RegisterLayouts.cr0), ("CR4", RegisterLayouts.cr4), ("EFER", RegisterLayouts.efer),
    ] {
      document.add(
        fields.sorted { $0.low > $1.low }, title: name, citation: "SDM 3A, 2.5 and 2.2.1")
    }
    document.add(ARM64RegisterLayouts.tcr)
    document.add(ARM64RegisterLayouts.ttbr)
    #expect(try document.problem(in: "Paging", named: "LayoutTables") == nil)
  }
}
