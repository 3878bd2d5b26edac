import Paging
import TestSupport
import Testing
import WindowsMemory

/// The documentation's tables of Windows' entries are those that the classifier reads.
@Suite struct LayoutDocumentTests {
  @Test func documentShowsTheLayouts() throws {
    var document = LayoutDocument(
      title: "Layouts of Windows' entries",
      summary: "Every form of an entry, before and after the mitigation of August 2018.",
      overview: """
        This page is made from the layouts and a test compares the two. Two kernels stand for 93; `mmubench pte --os KERNEL VALUE` shows the form of any
        of them. *ignored* bits are not used by the form.
        """)
    for name in ["windows-7601.17514", "windows-19041.508"] {
      let kernel = try WindowsKernel(named: name, mode: .x86_64)
      document.section("Windows \(kernel.version), x64")
      for structure in WindowsStructure.allCases where structure.isEntry {
        if let layout = kernel.layout(structure) { document.add(layout) }
      }
    }
    #expect(try document.problem(in: "WindowsMemory", named: "WindowsLayoutTables") == nil)
  }
}
