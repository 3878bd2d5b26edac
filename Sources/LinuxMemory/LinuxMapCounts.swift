import BitLayout
import PhysicalMemory

/// Where a kernel counts by how many entries a page that is part of a larger one is mapped.
///
/// Linux mm/util.c and include/linux/mm.h, page_mapcount.
struct LinuxMapCounts: Hashable, Sendable {
  /// Counts the entries that map the larger page as a whole; from the descriptor of its first page on.
  let whole: StructureLayout.Member
  /// Whether each page of a file counts the entries that map all of them too (until 6.2).
  let filesCountAll: Bool

  /// Takes the place from the kernel's own types; nil where they do not have it.
  init?(_ types: BTF) {
    if let member = types.member("_entire_mapcount", of: "folio") {
      (whole, filesCountAll) = (member, false)
    } else if let size = types.size(of: "page"),
      let member = types.member("compound_mapcount", of: "page")
    {
      // In the descriptor after the first.
      whole = StructureLayout.Member(offset: UInt64(size) + member.offset, size: member.size)
      filesCountAll = true
    } else {
      return nil
    }
    guard whole.size == 4 else { return nil }
  }
}

/// The word `mapping` of `struct page` (Linux include/linux/page-flags.h).
private enum PageMapping {
  /// PAGE_MAPPING_ANON.
  static let anonymous = BitField("ANON", 0, .value, "of no file: the rest leads to an anon_vma")
}

extension LinuxFrames {
  /// What pagemap says of a page by its descriptor: its flags, as far as `FrameFacts` has them, and by how
  /// many entries it is mapped; nil each where that cannot be read.
  func facts(of pfn: UInt64) -> (flags: UInt64?, mapCount: Int?) {
    guard let page = try? frame(pfn), let head = try? head(of: page) else { return (nil, nil) }
    let isAnonymous = PageMapping.anonymous.isSet(in: head.mapping)
    let isPart = page.compoundHead != nil || page.setFlags.contains("head")
    return (
      isAnonymous ? FrameFacts.Flags.anonymous.mask : 0,
      isPart
        ? partCount(page, head, isAnonymous: isAnonymous) : page.mapCount.map { Int($0) }
    )
  }

  /// How many entries map a page that is part of a larger one.
  private func partCount(_ page: LinuxFrame, _ head: LinuxFrame, isAnonymous: Bool) -> Int? {
    guard let counts, let entire = try? count(counts.whole, from: head.address) else { return nil }
    let (own, whole) = (Int(page.ownCount) + 1, Int(entire) + 1)
    guard counts.filesCountAll else { return own + whole }
    // What is not mapped page by page is a page of hugetlbfs, or an anonymous one.
    if !isAnonymous { return own > 0 ? own : whole }
    // Where both kinds of entries map an anonymous page, each part counts one more (PG_double_map).
    return own > 0 && whole > 0 ? own + whole - 1 : own + whole
  }
}
