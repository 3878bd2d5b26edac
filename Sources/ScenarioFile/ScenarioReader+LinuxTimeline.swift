/// The verbs of a timeline that only Linux has.
extension ScenarioReader {
  /// The last page of 4 KiB whose offset in bytes fits the 64 bits in which mmap takes it.
  private static let lastPage = UInt64.max >> 12

  func linuxOperation(_ fields: Fields) -> Scenario.Operation? {
    switch fields.table.name {
    case "mmap": return mmap(fields).map { .mmap($0) }
    case "munmap": return addresses(fields).map { .munmap($0) }
    case "mprotect":
      guard let range = addresses(fields),
        let rights: Set<Scenario.MemoryRight> = words(fields["prot"], "`prot`")
      else { return nil }
      return .mprotect(range, rights)
    case "madvise":
      let advice: Located<Scenario.Advice>? = word(fields["advice"], "`advice`")
      guard let range = addresses(fields), let advice else { return nil }
      return .madvise(range, advice.value)
    case "mlock": return addresses(fields).map { .mlock($0, isLocked: true) }
    case "munlock": return addresses(fields).map { .mlock($0, isLocked: false) }
    case "create-file":
      let size = size(fields["size"], "`size`")
      guard let name = name(fields), let size else { return nil }
      guard size.value <= UInt64(Int64.max) else {
        report(.outOfBounds, "`size` must be less than 8388608 TiB", at: size.mark)
        return nil
      }
      return .createFile(name: name, size: size.value)
    case "swap-on":
      return number(fields["swap-on"], "`swap-on`", in: 1...1 << 20).map {
        .swapOn(pages: $0.value)
      }
    case "swap-out": return addresses(fields).map { .swapOut($0) }
    case "drop-caches": return whole(fields, .dropCaches)
    case "split": return address(fields).map { .split($0) }
    case "numa-scan": return addresses(fields).map { .numaScan($0) }
    case "userfaultfd":
      guard let range = addresses(fields),
        let modes: Set<Scenario.UserfaultMode> = words(fields["modes"], "`modes`")
      else { return nil }
      return .userfaultfd(range, modes)
    case "uffd-copy": return addresses(fields).map { .userfaultFill($0, isZero: false) }
    case "uffd-zeropage": return addresses(fields).map { .userfaultFill($0, isZero: true) }
    case "uffd-protect": return addresses(fields).map { .userfaultProtect($0, isProtected: true) }
    case "uffd-unprotect":
      return addresses(fields).map { .userfaultProtect($0, isProtected: false) }
    default: return whole(fields, .clearRefs)
    }
  }

  private func mmap(_ fields: Fields) -> Scenario.MmapStatement? {
    let rights: Set<Scenario.MemoryRight>? = words(fields["prot"], "`prot`")
    guard let range = addresses(fields), let rights else { return nil }
    return Scenario.MmapStatement(
      range, rights, isShared: bool(fields["shared"], "`shared`")?.value ?? false,
      file: text(fields["file"], "`file`")?.value,
      page: number(fields["page"], "`page`", in: 0...Self.lastPage)?.value ?? 0,
      isPopulated: bool(fields["populate"], "`populate`")?.value ?? false,
      growsDown: bool(fields["grows-down"], "`grows-down`")?.value ?? false)
  }
}
