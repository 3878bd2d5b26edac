import Paging
import PhysicalMemory

/// The page in which the kernel shares its clock and its version with every process (`KUSER_SHARED_DATA`).
///
/// No page table has it at first: MmAccessFault maps it where a program touches it, and it is never written
/// from there. The kernel has the page at an address of its own, the same in all processes.
package enum SharedUserData {
  /// Where programs have it (`MM_SHARED_USER_DATA_VA`).
  package static let userAddress: UInt64 = 0x7ffe_0000
  /// What programs may do with it.
  package static let protection = MMProtection(base: "PAGE_READONLY") ?? .zeroAccess

  /// What a kernel of some version keeps there of itself, in words of four bytes, by their offsets
  /// (ntddk.h: NtBuildNumber, which came with Windows 10, NtMajorVersion, NtMinorVersion).
  package static func version(_ kernel: WindowsKernel) -> [(offset: UInt64, value: UInt64)] {
    let parts = kernel.version.split(separator: ".").compactMap { UInt64($0) }
    guard parts.count > 1 else { return [] }
    let build = parts[0] < 10 ? [] : [(0x260 as UInt64, UInt64(kernel.id.build))]
    return build + [(0x26c, parts[0]), (0x270, parts[1])]
  }

  /// Where the kernel has it (`KI_USER_SHARED_DATA`).
  package static func kernelAddress(_ format: WindowsEntryFormat) -> UInt64 {
    format.isThirtyTwoBit ? 0xffdf_0000 : 0xffff_f780_0000_0000
  }
}

extension PageClassifier {
  /// Completes a finding whose entry is empty because nobody has touched the page yet.
  func takeSharedData(_ finding: inout PageFinding) {
    finding.isSharedData = true
    finding.state = .valid
    finding.protection = SharedUserData.protection
    finding.protectionSource = .prototype
    let alias = SharedUserData.kernelAddress(system.kernel.format)
    let offset = finding.address.rawValue % frameSize
    if let place = try? kernel.location(of: VirtualAddress(alias + offset)) {
      finding.content = .memory(place)
    }
    finding.rules.append(
      WindowsRule(
        "the kernel shares this page with every process, which may only read it: KUSER_SHARED_DATA, which"
          + " the kernel has at \(VirtualAddress(alias))", "flow of ReactOS, MiCheckVirtualAddress")
    )
  }
}
