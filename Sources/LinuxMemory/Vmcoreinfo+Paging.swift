import BitLayout
public import Paging
public import PhysicalMemory

extension Vmcoreinfo {
  /// Images with more frames than this that may hold something are not looked through unasked, so that opening one
  /// takes no time.
  static let searchedFrames: UInt64 = 16 << 30 / frameSize

  /// Looks for the text in all of memory; a dump may have no note with it.
  ///
  /// The kernel has it in a page of its own (Linux kernel/crash_core.c, vmcoreinfo_data), so that a look
  /// at the first word of each is enough, and none at what is known to be zero.
  public static func search(_ memory: MemoryImage) -> (text: Vmcoreinfo, place: PhysicalAddress)? {
    let frames = memory.dataFrames
    guard frames.frameCount <= searchedFrames else { return nil }
    let first = beginning.utf8.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    for frame in frames.joined() {
      let place = PhysicalAddress(frame * frameSize)
      guard memory.knownZeroCount(at: place) < frameSize,
        memory.load(UInt64.self, at: place) == first
      else { continue }
      let bytes = memory.withBytes(at: place, count: Int(frameSize)) { $0.copied() }
      let text = Vmcoreinfo(
        text: String(decoding: bytes?.prefix { $0 != 0 } ?? [], as: UTF8.self))
      if text.isPlausible { return (text, place) }
    }
    return nil
  }

  /// The paging mode of the kernel.
  public var mode: PagingMode? {
    guard let top = symbol("swapper_pg_dir") else { return nil }
    if top <= UInt64(UInt32.max) { return isConfigured("X86_PAE") ? .pae : .x86 }
    if number("kimage_voffset") != nil { return .arm64 }
    guard number("phys_base") != nil else { return nil }
    return number("pgtable_l5_enabled") == 1 ? .la57 : .x86_64
  }
}

extension PagingState {
  /// The state with what a kernel of arm64 says of the sizes of its halves.
  func completed(by vmcoreinfo: Vmcoreinfo) -> PagingState {
    guard isARM64 else { return self }
    var state = self
    func set(_ value: UInt64?, _ field: BitField) {
      guard let value, let tcr = field.setting(value, in: state.tcr) else { return }
      state.tcr = tcr
    }
    let layouts = ARM64RegisterLayouts.self
    // User addresses have as many bits as the kernel's, but for 52 bits on other processors.
    set(vmcoreinfo.number("VA_BITS").flatMap { $0 <= 64 ? 64 - $0 : nil }, layouts.lower.size)
    set(vmcoreinfo.number("TCR_EL1_T1SZ"), layouts.upper.size)
    let granules: [UInt64: (lower: UInt64, upper: UInt64)] = [
      4096: (0b00, 0b10), 16384: (0b10, 0b01), 65536: (0b01, 0b11),
    ]
    let granule = vmcoreinfo.pageSize.flatMap { granules[$0] }
    set(granule?.lower, layouts.lower.granule)
    set(granule?.upper, layouts.upper.granule)
    return state.contradiction == nil ? state : self
  }

  /// The physical address of `swapper_pg_dir`; nil where the kernel does not say enough.
  func kernelRoot(_ vmcoreinfo: Vmcoreinfo) -> UInt64? {
    guard let top = vmcoreinfo.symbol("swapper_pg_dir") else { return nil }
    switch mode {
    case .x86_64, .la57:
      // __START_KERNEL_map, Linux arch/x86/include/asm/page_64_types.h.
      return vmcoreinfo.number("phys_base").map { top &- 0xffff_ffff_8000_0000 &+ $0 }
    case .arm64: return vmcoreinfo.number("kimage_voffset").map { top &- $0 }
    case .x86, .pae:
      // PAGE_OFFSET: 3 GiB for user mode, or 2 or 1 (Linux arch/x86/Kconfig, VMSPLIT).
      guard top <= mode.lastAddress else { return nil }
      return [0xc000_0000, 0x8000_0000, 0x4000_0000].first { $0 <= top }.map { top - $0 }
    }
  }
}
