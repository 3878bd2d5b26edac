import LinuxMemory
import Paging
import Testing

/// Kernels by name.
@Suite struct KernelTests {
  @Test(arguments: [
    "linux-6.1", "linux-3.0", "linux-4.14.63", "linux-6.17", "linux-7.2", "Linux-5.4",
  ])
  func aNameIsAVersion(id: String) throws {
    let kernel = try LinuxKernel(id: id, mode: .x86_64)
    #expect(kernel.id == id.lowercased())
  }

  @Test(arguments: [
    "linux", "linux-", "linux-6", "linux-61", "linux-6.1.", "linux-6.1-rc1", "linux-6.1.2.3",
    "linux-2.6", "linux-4.21", "linux-5.20", "linux--6.1", "linux-6.99999", "windows-7", "",
  ])
  func whatIsNoVersionIsRefused(id: String) {
    #expect(throws: LinuxKernelError.notAName(id)) { try LinuxKernel(id: id, mode: .x86_64) }
  }

  @Test func entriesOfTheFirstARMKernelsAreNotKnown() throws {
    #expect(throws: LinuxKernelError.tooOld(LinuxVersion(3, 14), .arm64)) {
      try LinuxKernel(id: "linux-3.14", mode: .arm64)
    }
    #expect(throws: Never.self) { try LinuxKernel(id: "linux-3.14", mode: .x86) }
  }

  @Test func aReleaseBeginsWithItsVersion() {
    #expect(LinuxVersion(release: "6.1.0-50-amd64") == LinuxVersion(6, 1))
    #expect(LinuxVersion(release: "6.1.0") == LinuxVersion(6, 1, 0))
    #expect(LinuxVersion(release: "5.14-rc1") == LinuxVersion(5, 14))
    #expect(LinuxVersion(release: "6.1.176") == LinuxVersion(6, 1, 176))
    #expect(LinuxVersion(release: "amd64") == nil)
    #expect(LinuxVersion(release: "99999.1") == nil)
  }

  /// The stable releases of August 2018, and those just before.
  @Test(arguments: [
    (LinuxVersion(4, 4, 147), false), (LinuxVersion(4, 4, 148), true), (LinuxVersion(4, 4), false),
    (LinuxVersion(4, 9, 119), false), (LinuxVersion(4, 9, 120), true),
    (LinuxVersion(4, 14, 62), false), (LinuxVersion(4, 14, 63), true),
    (LinuxVersion(4, 17, 14), false), (LinuxVersion(4, 17, 15), true),
    (LinuxVersion(4, 18, 0), false), (LinuxVersion(4, 18, 1), true), (LinuxVersion(4, 18), true),
    (LinuxVersion(4, 16, 18), false), (LinuxVersion(4, 19), true), (LinuxVersion(4, 19, 0), true),
  ])
  func invertedOffsetsCameToAllSeriesAtOnce(version: LinuxVersion, isInverted: Bool) {
    #expect(version.hasInvertedOffsets == isInverted)
  }

  @Test func whatIsAssumedIsSaid() throws {
    let usual = try LinuxKernel(id: "linux-6.1", mode: .x86_64).assumptions
    #expect(usual.contains { $0.contains("from 26 on") && $0.contains("CONFIG_MEMORY_FAILURE") })
    let future = try LinuxKernel(id: "linux-7.2", mode: .x86_64).assumptions
    #expect(future.contains { $0.contains("taken to be those of 6.") })
    let unpatched = try LinuxKernel(id: "linux-4.14", mode: .x86_64).assumptions
    #expect(unpatched.contains { $0.contains("L1TF") })
    #expect(
      try !LinuxKernel(id: "linux-4.14.63", mode: .x86_64).assumptions.contains {
        $0.contains("L1TF")
      })
  }

  @Test(arguments: [
    ("linux-4.18", "one of them is meant"), ("linux-4.14", "one before them is meant"),
    ("linux-3.16.81", "L1TF"), ("linux-3.10", "remap_file_pages"),
    ("linux-3.10", "bit 6 is then 1"),
  ]) func whatOldKernelsLeaveOpenIsSaid(id: String, text: String) throws {
    let kernel = try LinuxKernel(id: id, mode: .x86_64)
    #expect(kernel.assumptions.contains { $0.contains(text) })
  }

  @Test func whatConcernsOtherKernelsIsNotSaid() throws {
    #expect(
      try LinuxKernel(id: "linux-4.4.200", mode: .x86_64).assumptions.count == 1,
      "the swap types, and neither NUMA balancing of 3.x nor nonlinear mappings")
    #expect(
      try !LinuxKernel(id: "linux-4.14", mode: .x86).assumptions.contains { $0.contains("L1TF") })
  }
}
