import LinuxMemory
import Paging
import PhysicalMemory

/// What becomes of the pages that exercises are about: an entry, and the area that holds it.
enum LinuxPages: CaseIterable {
  case mapped, untouched, swapped, file, unmapped
  case readOnly, forked, zeroPage, privateFile, pastEnd, clean, protected, balanced
  case stack, userfault, writeProtected, guarded, migrating, broken

  /// The kinds of pages at a level that a kernel has; the first ones are simple.
  static func kinds(_ level: QuizLevel, of kernel: LinuxKernel) -> [LinuxPages] {
    let last: LinuxPages =
      switch level {
      case .addresses: .unmapped
      case .rights: .balanced
      case .registers: .broken
      }
    let count = allCases.firstIndex(of: last).map { $0 + 1 } ?? allCases.count
    return allCases.prefix(count).filter { $0.exists(in: kernel) }
  }

  /// Whether a kernel has such pages.
  private func exists(in kernel: LinuxKernel) -> Bool {
    switch self {
    // CONFIG_NUMA_BALANCING is of 64-bit processors; pages without rights are told by it from 4.0 on.
    case .balanced:
      (kernel.format == .x64 || kernel.format == .arm64) && kernel.version >= LinuxVersion(4, 0)
    case .userfault: kernel.version >= LinuxVersion(4, 3)
    case .writeProtected: kernel.bits.userfaultWriteProtect != nil
    case .guarded:
      kernel.swapTypes.type(of: .marker) != nil && kernel.version >= LinuxVersion(6, 13)
    case .migrating: kernel.swapTypes.type(of: .migration(.write)) != nil
    case .broken: kernel.swapTypes.type(of: .poisoned) != nil
    default: true
    }
  }

  /// States a page as a scenario does: items of its lists, by their keys.
  ///
  /// - Parameters:
  ///   - address: the address of the page.
  ///   - knowsNoExecute: whether entries of the kernel can refuse a fetch.
  ///   - draw: chooses frames and places in swap.
  /// - Returns: the items.
  func statements(
    at address: UInt64, knowsNoExecute: Bool, _ draw: inout Draw
  ) -> [(key: String, item: String)] {
    let frame = QuizMemory.page(&draw).hex
    let offset = draw.number(1..<0x4000).hex
    let place = "va: \(address.hex)"
    let range = "va: \(address.hex)..\((address + frameSize - 1).hex)"
    func map(_ writes: Bool = false, _ more: String = "") -> (key: String, item: String) {
      let rights = (writes ? [] : ["write: false"]) + (knowsNoExecute ? ["execute: false"] : [])
      let words = rights.isEmpty ? "" : ", rights: { \(rights.joined(separator: ", ")) }"
      return ("map", "\(place), to: \(frame)\(words)\(more)")
    }
    func entry(_ words: String) -> (key: String, item: String) { ("ptes", "\(place), \(words)") }
    func area(_ perms: String, _ more: String = "") -> (key: String, item: String) {
      ("vmas", "\(range), perms: \(perms)\(more)")
    }
    return switch self {
    case .mapped: [map(true), area("rw-p")]
    case .untouched: [area("rw-p")]
    case .swapped: [entry("state: swap, type: 0, offset: \(offset)"), area("rw-p")]
    case .file: [area("rw-s", Self.ofFile)]
    case .unmapped: []
    case .readOnly: [map(), area("r--p")]
    case .forked: [map(), area("rw-p")]
    case .zeroPage: [map(false, ", fields: { special: 1 }"), area("rw-p")]
    case .privateFile: [area("rw-p", Self.ofFile)]
    case .pastEnd: [area("rw-s", Self.ofFile + ", offset: 0x5000")]
    case .clean: [map(), area("rw-s", Self.ofFile)]
    case .protected: [entry("state: protnone, to: \(frame)"), area("---p")]
    case .balanced: [entry("state: protnone, to: \(frame)"), area("rw-p")]
    case .stack:
      [("vmas", "\(Self.stack(above: address)), perms: rw-p, flags: [gd], name: \"[stack]\"")]
    case .userfault: [area("rw-p", ", flags: [um]")]
    case .writeProtected:
      [map(false, ", fields: { uffd_wp: 1 }"), area("rw-p", ", flags: [uw]")]
    case .guarded: [entry("state: marker, markers: [guard]"), area("rw-p")]
    case .migrating: [entry("state: migration, kind: write, to: \(frame)"), area("rw-p")]
    case .broken: [entry("state: hwpoison, to: \(frame)"), area("rw-p")]
    }
  }

  /// A file of four pages and a bit.
  private static let ofFile = ", file: /data, file-size: 17000"

  /// The four pages of a stack that ends where a page does.
  private static func stack(above address: UInt64) -> String {
    let start = address + frameSize
    return "va: \(start.hex)..\((start + 4 * frameSize - 1).hex)"
  }
}
