import BitLayout
public import Paging
public import PhysicalMemory

/// Reads entries as a Linux kernel does.
///
/// The processor's reading comes first: only what it takes as not present is software's. Levels
/// above the PTE hold the same software entries, for huge pages.
public struct LinuxEntryDecoder: Sendable {
  /// The kernel.
  public let kernel: LinuxKernel
  let paging: PagingState
  /// Bits that do not make an entry anything, where all others are 0.
  private let nothingMask: UInt64
  /// SWP_PFN_MASK: the bits of an offset that are a frame number, where it is one.
  private let frameMask: UInt64
  /// Whether the bits above the frame number say that a page on the move was used and written.
  private let migrationKeepsBits: Bool

  /// Prepares for the entries of a kernel on a processor.
  public init(_ kernel: LinuxKernel, _ paging: PagingState) {
    self.kernel = kernel
    self.paging = paging
    // Some processors set A and D in an entry that was just cleared (_PAGE_KNL_ERRATUM_MASK); none of
    // them runs a kernel of four-byte entries, which does not look for it.
    let hasErratum = [.x64, .pae].contains(kernel.format) && kernel.version >= LinuxVersion(4, 8)
    nothingMask = hasErratum ? X86Fields.accessed.mask | X86Fields.dirty.mask : 0
    // Linux include/linux/swapops.h, SWP_PFN_BITS and SWP_MIG_YOUNG_BIT.
    let separates = kernel.version >= LinuxVersion(6, 1)
    frameMask = separates ? (1 << Self.frameBits(of: paging.mode)) - 1 : UInt64.max
    let hasRoom = kernel.swapEntry.offset.width >= Int(Self.frameBits(of: paging.mode)) + 2
    migrationKeepsBits = separates && hasRoom
  }

  /// MAX_PHYSMEM_BITS - PAGE_SHIFT.
  private static func frameBits(of mode: PagingMode) -> UInt64 {
    switch mode {
    case .x86: 32 - 12
    case .pae: 36 - 12
    case .x86_64: 46 - 12
    case .la57: 52 - 12
    case .arm64: 48 - 12
    }
  }

  /// What an entry of this level means.
  public func reading(of entry: UInt64, level: Int) -> LinuxEntryReading {
    switch paging.meaning(of: entry, level: level) {
    case .table: LinuxEntryReading(.table)
    case .page(let page): presentReading(of: entry, level: level, page: page)
    case .reserved:
      // The kernel has made no such entry: it is broken, but present.
      presentReading(of: entry, level: level, page: nil)
    case .notPresent: softwareReading(of: entry, level: level)
    }
  }

  /// What an entry means that maps a page for the processor.
  public func presentReading(
    of entry: UInt64, level: Int, page: PhysicalAddress?
  ) -> LinuxEntryReading {
    reading(.present, of: entry, page: page)
  }

  /// What an entry means that the processor takes as not present.
  public func softwareReading(of entry: UInt64, level: Int) -> LinuxEntryReading {
    guard entry & ~nothingMask != 0 else { return LinuxEntryReading(.none) }
    let bits = kernel.bits
    if isProtNone(entry) {
      return reading(.protnone, of: entry, page: page(restoring: entry, level: level))
    }
    let invalid = kernel.format == .arm64 ? bits.presentInvalid : X86Fields.pageSize
    if level > 1, let invalid, invalid.isSet(in: entry) {
      return reading(.invalidated, of: entry, page: page(restoring: entry, level: level))
    }
    return swapReading(of: entry)
  }

  private func isProtNone(_ entry: UInt64) -> Bool {
    guard kernel.bits.protNone.isSet(in: entry) else { return false }
    // From 6.10 on arm64 has one bit for all that is present but not valid; without access rights
    // is then what user mode may neither use nor execute.
    guard kernel.format == .arm64, kernel.version.hasARM64PresentInvalidOfAll else { return true }
    return entry & ARM64Layouts.accessUser == 0
      && ARM64Layouts.userExecuteNever.isSet(in: entry)
  }

  private func reading(
    _ state: LinuxEntryReading.State, of entry: UInt64, page: PhysicalAddress?
  ) -> LinuxEntryReading {
    let bits = kernel.bits
    var reading = LinuxEntryReading(state)
    reading.frame = page
    reading.isSpecial = bits.special.isSet(in: entry)
    reading.isSoftDirty = bits.softDirty?.isSet(in: entry) ?? false
    reading.isUserfaultWriteProtected = bits.userfaultWriteProtect?.isSet(in: entry) ?? false
    if kernel.format == .arm64 {
      reading.isWritable = ARM64Layouts.dirtyModifier.isSet(in: entry)
      reading.isYoung = ARM64Layouts.accessFlag.isSet(in: entry)
      // Writable and not read-only is what the processor leaves of a write.
      let isHardwareDirty = reading.isWritable && entry & ARM64Layouts.accessReadOnly == 0
      reading.isDirty = isHardwareDirty || (bits.dirty?.isSet(in: entry) ?? false)
    } else {
      reading.isWritable = X86Fields.writable.isSet(in: entry)
      reading.isYoung = X86Fields.accessed.isSet(in: entry)
      reading.isDirty =
        X86Fields.dirty.isSet(in: entry) || (bits.savedDirty?.isSet(in: entry) ?? false)
    }
    return reading
  }

  /// The page of an entry that is present for the kernel only: what the processor would find if the
  /// entry were valid.
  private func page(restoring entry: UInt64, level: Int) -> PhysicalAddress? {
    var restored = entry
    if kernel.bits.framesAreInverted { restored ^= LongModeLayouts.frame.mask }
    // P of x86 and bit 0 of arm64's descriptors are one place.
    restored |= X86Fields.present.mask
    if level > 1, kernel.format != .arm64 {
      // A huge page without access rights keeps PS; its low address bits are not inverted away.
      restored |= X86Fields.pageSize.mask
      restored &= ~belowPage(level)
    }
    guard case .page(let page) = paging.meaning(of: restored, level: level) else { return nil }
    return page
  }

  /// The address bits of an entry below the frame of a page of the level, PAT left out.
  private func belowPage(_ level: Int) -> UInt64 {
    let isTwoLevel = kernel.format == .i386
    let frame = isTwoLevel ? TwoLevelLayouts.frame : LongModeLayouts.frame
    // Bit 12 is PAT, and PSE-36 keeps address bits here, which Linux does not use.
    return frame.mask & ((1 << paging.pageShift(level)) - 1)
  }

  private func swapReading(of entry: UInt64) -> LinuxEntryReading {
    let layout = kernel.swapEntry
    let type = layout.type.value(in: entry)
    let meaning = kernel.swapTypes.meaning(of: type)
    var reading = LinuxEntryReading(meaning.state)
    reading.swap = meaning
    reading.swapType = type
    let offset = layout.offset(of: entry)
    reading.swapOffset = offset
    switch meaning {
    case .migration:
      reading.swapFrame = offset & frameMask
      if migrationKeepsBits {
        reading.isYoung = offset & (frameMask &+ 1) != 0
        reading.isDirty = offset & (frameMask &+ 1) << 1 != 0
      }
    case .devicePrivate, .deviceExclusive: reading.swapFrame = offset & frameMask
    case .poisoned: reading.swapFrame = offset
    case .area, .marker, .swapInError: break
    }
    reading.isSoftDirty = layout.softDirty?.isSet(in: entry) ?? false
    reading.isUserfaultWriteProtected = layout.userfaultWriteProtect?.isSet(in: entry) ?? false
    reading.isExclusive = layout.exclusive?.isSet(in: entry) ?? false
    return reading
  }
}

extension SwapTypes.Meaning {
  /// The state of an entry with such a type.
  var state: LinuxEntryReading.State {
    switch self {
    case .area: .swap
    case .poisoned: .hwpoison
    case .migration: .migration
    case .devicePrivate, .deviceExclusive: .device
    case .marker, .swapInError: .marker
    }
  }
}
