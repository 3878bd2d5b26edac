import BitLayout

extension LinuxKernel {
  /// What is taken for granted about the kernel's entries and might be otherwise, in words.
  public var assumptions: [String] {
    var texts: [String] = []
    // Before 5.19 nobody could choose markers.
    let choices = version < LinuxVersion(5, 19) ? options.subtracting(.markers) : options
    texts.append(
      "swap types from \(swapTypes.areaCount) on are special if the kernel has \(choices)")
    if version > Self.newest, version.minor > Self.newest.minor || version.major > 6 {
      texts.append("entries of Linux \(version) are taken to be those of \(Self.newest)")
    }
    if let text = inversionAssumption { texts.append(text) }
    if version < LinuxVersion(4, 0) {
      if format == .x64 {
        texts.append(
          "with CONFIG_NUMA_BALANCING some kernels of 3.x have the offset from bit 10 on (uncertain)"
        )
      }
      texts.append(
        "before Linux 4.0 such an entry may be of a nonlinear mapping too (remap_file_pages), with the "
          + "number of a page of the file: bit \(NonlinearEntry.mark(in: format).low) is then 1")
    }
    return texts
  }

  /// What is taken for granted about L1TF, where the version leaves open whether offsets are inverted.
  private var inversionAssumption: String? {
    guard format == .x64 || format == .pae else { return nil }
    let series = LinuxVersion(version.major, version.minor)
    if series == LinuxVersion(3, 16) {
      // The maintainers of this series, Debian 8's, were not those of the others.
      return "later stable releases of Linux 3.16 invert offsets (L1TF); one before them is meant"
    }
    guard version.patch == nil, Self.seriesPatchedMidway.contains(series) else { return nil }
    return
      "stable releases of Linux \(version) from August 2018 on invert offsets (L1TF); without a "
      + "patch number one \(version.hasInvertedOffsets ? "of" : "before") them is meant"
  }

  private static let seriesPatchedMidway: Set = [
    LinuxVersion(4, 4), LinuxVersion(4, 9), LinuxVersion(4, 14), LinuxVersion(4, 17),
    LinuxVersion(4, 18),
  ]
}

/// Entries of pages of a file in an order of its own (remap_file_pages), which Linux 4.0 gave up.
private enum NonlinearEntry {
  /// Linux 3.10, arch/x86/include/asm/pgtable_types.h, _PAGE_FILE; 3.15, arch/arm64, PTE_FILE.
  static func mark(in format: LinuxEntryFormat) -> BitField {
    BitField("FILE", format == .arm64 ? 2 : 6, .value, "with P=0: the number of a page of the file")
  }
}
