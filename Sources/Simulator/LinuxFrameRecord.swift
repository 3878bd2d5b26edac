import PhysicalMemory

/// What Linux keeps of a frame, before and after a step.
public struct LinuxFrameChange: Hashable, Sendable {
  /// The number of the frame.
  public var number: UInt64
  /// What was kept of it; nil of a frame that was free.
  public var before: LinuxFrameRecord?
  /// What is kept of it now; nil of a frame that is free.
  public var after: LinuxFrameRecord?
}

/// What Linux keeps of a frame: of its `struct page`, what the model has.
public struct LinuxFrameRecord: Hashable, Sendable {
  /// What the frame is: `anonymous`, `table`, a file and the number of its page.
  public var use: String
  /// The number of entries that map it (`_mapcount`, which the kernel begins at -1).
  public var mapCount: Int
  /// The references (`_refcount`): one for each entry, one for a cache that holds the page.
  public var referenceCount: Int
  /// Whose entries map it, and where; the first of them.
  public var mappers: [String]
  /// The flags of the page that are set.
  public var flags: [String]

  init(_ page: LinuxPage) {
    if page.isTable {
      use = "table"
    } else if let (file, number) = page.file {
      use = "\(file.name.isEmpty ? "shared memory" : file.name), page \(number)"
    } else {
      use = "anonymous"
    }
    mapCount = page.mappers.count
    referenceCount =
      mapCount + (page.isTable || page.file != nil ? 1 : 0) + (page.swap == nil ? 0 : 1)
    mappers = page.mappers.prefix(4).map { "\($0.pid) at \(VirtualAddress($0.address))" }
    flags = [
      (page.isDirty, "dirty"), (page.swap != nil, "swapcache"), (page.isLazyFree, "lazyfree"),
      (page.isHuge, "huge"),
    ].filter(\.0).map(\.1)
  }
}
