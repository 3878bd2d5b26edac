import ImageBuilder
import Machine
import PhysicalMemory
import Testing
import WindowsMemory

/// Sections of files in built images, found by their entries like in a dump.
@Suite struct FileSectionTests {
  /// The entry of a page that is in a file leads to the subsection, in whatever way the kernel has.
  @Test(arguments: WindowsStructureTests.kernels)
  func pagesOfFilesAreFoundThroughTheirSubsections(kernel: (mode: String, id: String)) throws {
    let text = """
      windows:
        sections:
          - name: code
            kind: image
            subsections:
              - { pages: 2, protection: READONLY }
              - { pages: 4, protection: EXECUTE_READ, sector: 0x20 }
      processes:
        - name: a.exe
          pid: 100
          ptes: [{ va: 0x20_3000, state: prototype-vad, protection: READONLY }]
          vads: [{ va: 0x20_0000..0x20_5fff, kind: image, section: code, protection: READONLY }]
      """
    let machine = try Fixture.build(
      text, machine: "{ mode: \(kernel.mode), memory: 4 MiB, os: \(kernel.id) }"
    ).machine
    let classifier = try #require(machine.classifier(in: machine.addressSpaces[0]))
    let finding = classifier.finding(of: VirtualAddress(0x20_4000))
    guard case .file(_, let offset) = finding.content else {
      Issue.record("\(finding.content)")
      return
    }
    // The third page of the second subsection, 512 bytes to a sector.
    #expect(offset == 0x20 * 512 + 2 * 4096)
    #expect(finding.state == .subsection)
    #expect(finding.protection?.pageName == "PAGE_EXECUTE_READ")
  }
}
