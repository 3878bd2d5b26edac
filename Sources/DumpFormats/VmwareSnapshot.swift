import PhysicalMemory

/// Reads VMware's snapshots and suspended states (`.vmsn`, `.vmss`): groups of named values.
///
/// The layout is that of the open readers of Volatility and others; VMware publishes none.
struct VmwareSnapshot {
  /// A stretch of the guest's memory: where it is, and where its bytes are among those of all.
  struct Region: Hashable {
    var start: UInt64
    var position: UInt64
    var byteCount: UInt64
  }

  private static let mostGroups: UInt64 = 4096
  private static let mostTags = 1 << 20
  private static let mostRegions: UInt64 = 4096
  private static let mostProcessors = 4096

  let bytes: ByteMapping
  let path: String
  private let hasWideSizes: Bool
  private(set) var regions: [Region] = []
  /// Where the bytes of memory are, if they are in this file.
  private(set) var memory: Range<UInt64>?
  private(set) var processors: [ProcessorState] = []
  private(set) var isLongMode = false
  private(set) var warnings = Warnings()
  private var values: [VmwareTag.Key: UInt64] = [:]

  static func recognises(_ bytes: ByteMapping) -> Bool {
    bytes.load(UInt32.self, at: 0).map(VmwareLayout.magics.contains) ?? false
  }

  init(_ bytes: ByteMapping, path: String) throws(DumpError) {
    self.bytes = bytes
    self.path = path
    let header = HeaderReader(bytes: bytes, path: path, isWide: true)
    let magic = try header.value(VmwareLayout.magic)
    guard VmwareLayout.magics.contains(UInt32(magic)) else {
      throw header.defect(VmwareLayout.magic, expected: "0xbed2bed0 or its like", found: magic.hex)
    }
    hasWideSizes = magic & VmwareLayout.versionMask != 0
    let count = try header.value(VmwareLayout.groupCount)
    guard count > 0, count <= Self.mostGroups else {
      throw header.defect(
        VmwareLayout.groupCount, expected: "1 to \(Self.mostGroups) groups", found: "\(count)")
    }
    var groups: [String: UInt64] = [:]
    for index in 0..<count {
      let base = VmwareLayout.headerSize + index * VmwareLayout.groupSize
      let group = HeaderReader(bytes: bytes, path: path, isWide: true, base: base)
      let offset = try group.value(VmwareLayout.groupOffset)
      let name = bytes.text(at: base, count: VmwareLayout.nameSize) ?? ""
      if groups[name] == nil { groups[name] = offset }
    }
    for name in ["memory", "cpu"] {
      if let offset = groups[name] { readTags(at: offset) }
    }
    readRegions()
    readProcessors()
  }

  /// Reads the values of one group, up to the tag that ends it or to the first that cannot be.
  private mutating func readTags(at start: UInt64) {
    var offset = start
    for _ in 0..<Self.mostTags {
      guard let tag = VmwareTag(bytes, at: offset, hasWideSizes: hasWideSizes) else {
        return warnings.add("tags at byte \(offset.hex): the file ends within them")
      }
      if tag.isEnd { return }
      if tag.key.name == "Memory" {
        if tag.byteCount != tag.memoryCount {
          warnings.add("Memory at byte \(tag.data.hex) is compressed, which is not read")
        } else if memory == nil {
          memory = tag.data..<tag.end
        }
      } else if let value = tag.value(in: bytes), values[tag.key] == nil {
        values[tag.key] = value
      }
      offset = tag.end
    }
  }

  private func value(_ name: String, _ indices: UInt32...) -> UInt64? {
    values[VmwareTag.Key(name: name, indices: indices)]
  }

  private mutating func readRegions() {
    let count = value("regionsCount") ?? 0
    guard count <= Self.mostRegions else {
      return warnings.add("regionsCount is \(count), more than \(Self.mostRegions)")
    }
    for index in 0..<UInt32(count) {
      // Numbers of frames have 32 bits, so their bytes fit.
      guard let frame = value("regionPPN", index), let position = value("regionPageNum", index),
        let size = value("regionSize", index), max(frame, position, size) <= UInt64(UInt32.max)
      else {
        warnings.add("region \(index) is not described; its memory is missing")
        continue
      }
      regions.append(
        Region(
          start: frame * frameSize, position: position * frameSize, byteCount: size * frameSize))
    }
  }

  private mutating func readProcessors() {
    for index in 0..<UInt32(Self.mostProcessors) {
      let wide = value("CR64", index, 3)
      guard let cr3 = wide ?? value("CR", index, 3) else { return }
      let name = wide == nil ? "CR" : "CR64"
      // Which of PAE and 4-level paging it is, EFER says, and that is not looked for here.
      if wide != nil { isLongMode = true }
      processors.append(
        ProcessorState(
          cr0: value(name, index, 0) ?? 0, cr3: cr3, cr4: value(name, index, 4) ?? 0,
          source: "\(name)[\(index)] of the snapshot"))
    }
  }

  /// Where the memory is, in a file that has `range` for all of it.
  func segments(
    in range: Range<UInt64>, _ warnings: inout Warnings
  ) -> [RunMemory.Segment] {
    let count = UInt64(range.count)
    guard !regions.isEmpty else {
      return [
        RunMemory.Segment(
          start: PhysicalAddress(0), byteCount: count, source: .mapping(offset: range.lowerBound))
      ]
    }
    var segments: [RunMemory.Segment] = []
    for region in regions {
      let available = min(region.byteCount, count - min(region.position, count))
      if available < region.byteCount {
        warnings.add(
          "region at \(region.start.hex): \((region.byteCount - available).hex) of its"
            + " \(region.byteCount.hex) bytes are not in the file")
      }
      guard available > 0 else { continue }
      segments.append(
        RunMemory.Segment(
          start: PhysicalAddress(region.start), byteCount: available,
          source: .mapping(offset: range.lowerBound + region.position)))
    }
    warnings.addOverlaps(segments)
    return segments
  }
}
