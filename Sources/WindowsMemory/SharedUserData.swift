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

  /// What a kernel keeps there of itself, as far as its version has a place for it.
  package static func version(_ kernel: WindowsKernel, build: UInt64) -> [MemberValue] {
    let values: [(String, UInt64)] = [
      ("NtMajorVersion", UInt64(kernel.record.major)),
      ("NtMinorVersion", UInt64(kernel.record.minor)), ("NtBuildNumber", build),
    ]
    return values.compactMap { name, value in
      kernel.member(name, of: "_KUSER_SHARED_DATA").map { ($0, value) }
    }
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
