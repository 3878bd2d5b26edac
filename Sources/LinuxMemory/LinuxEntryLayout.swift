public import BitLayout
import Paging

/// The fields of entries as a Linux kernel reads them.
extension LinuxEntryDecoder {
  /// The layout that describes an entry: the processor's with the kernel's own bits where the entry
  /// is present for either, and that of swap entries where it is not; nil where nothing is said.
  public func layout(of entry: UInt64, level: Int) -> WordLayout? {
    let reading = reading(of: entry, level: level)
    switch reading.state {
    case .none, .swap, .migration, .hwpoison, .device, .marker: return kernel.swapEntry.word
    case .table: return hardware(level: level, isPage: false)
    case .protnone, .numaHint, .invalidated:
      let own = kernel.bits.ofPresentPages + kernel.bits.ofInvalidPages
      return hardware(level: level, isPage: true).map {
        laid(own, over: $0, invertedFrom: kernel.bits.framesAreInverted ? level : nil)
      }
    case .zeroPage, .file, .anonymous, .present:
      return hardware(level: level, isPage: true).map {
        laid(kernel.bits.ofPresentPages, over: $0, invertedFrom: nil)
      }
    }
  }

  private func hardware(level: Int, isPage: Bool) -> WordLayout? {
    paging.layout(level: level, isPage: isPage) ?? paging.layout(level: level, isPage: !isPage)
  }

  /// A layout with the kernel's fields in the place of what they cover.
  ///
  /// Of a page of the level `invertedFrom` the frame is inverted, and no bit below it.
  private func laid(
    _ own: [BitField], over hardware: WordLayout, invertedFrom level: Int?
  ) -> WordLayout {
    // Of two names for a bit the later one says more: that of pages that are not valid.
    let own = own.enumerated().filter { index, field in
      !own[(index + 1)...].contains { $0.mask & field.mask != 0 }
    }.map(\.element)
    let inverted = hardware.fields.map { field in
      guard let level, field.kind == .address || field.kind == .reserved,
        UInt64(field.low) >= paging.pageShift(level)
      else { return field }
      return BitField(
        "frame", field.high, field.low, .address, "physical address, inverted (L1TF)")
    }
    return WordLayout(
      hardware.name, citation: hardware.citation, width: hardware.width, inverted
    ).overlaid(with: own)
  }
}
