import PhysicalMemory

extension DumpWriter {
  private static var blockSize: UInt64 { frameSize }
  private static var version: UInt64 { KdumpHeader.versionWithWideFrames }

  /// Writes a kdump-compressed file as makedumpfile does, with zlib and one page for all zeros.
  ///
  /// - Returns: what the format could not keep.
  func writeKdump(
    _ memory: some PhysicalMemory, _ runs: [MemoryRun], to file: OutputFile
  ) throws(DumpError) -> [String] {
    let frames = FrameRuns(runs)
    guard !frames.runs.isEmpty, frames.end <= DumpLimits().frames else {
      let end = (DumpLimits().frames * frameSize).hex
      let reason =
        frames.runs.isEmpty
        ? "there is no whole frame to write" : "memory at \(end) and above is beyond its bitmap"
      throw .cannotCreate(
        path: file.path, reason: reason,
        suggestion: frames.runs.isEmpty ? nil : "write format elf")
    }
    let bitmapSize = ((frames.end + 7) / 8).roundedUp(to: Self.blockSize)
    try writeKdumpHeaders(frames, bitmapSize: bitmapSize, to: file)
    for _ in 0..<2 {
      let start = file.position
      try frames.writeBitmap(bits: frames.end, to: file)
      try file.writeZeros(start + bitmapSize - file.position)
    }
    var pages = KdumpPages(file, count: frames.count)
    try file.writeZeros(frames.count * KdumpPage.byteCount)
    for run in frames.runs { try pages.write(memory, run) }
    try pages.finish()
    return frames.losses
  }

  private func writeKdumpHeaders(
    _ frames: FrameRuns, bitmapSize: UInt64, to file: OutputFile
  ) throws(DumpError) {
    let notes = encodedNotes()
    let subHeaderSize = (KdumpSubHeader.byteCount + UInt64(notes.count)).roundedUp(
      to: Self.blockSize)
    try file.write(kdumpHeader(frames, subHeaderSize: subHeaderSize, bitmapSize: bitmapSize))
    try file.write(kdumpSubHeader(frames, notesSize: UInt64(notes.count)) + notes)
    try file.writeZeros(Self.blockSize + subHeaderSize - file.position)
  }

  private func kdumpHeader(
    _ frames: FrameRuns, subHeaderSize: UInt64, bitmapSize: UInt64
  ) -> [UInt8] {
    var header = HeaderRecord(isWide: architecture != .x86, byteCount: Self.blockSize)
    header.bytes.replaceSubrange(0..<8, with: Array(KdumpHeader.signature.utf8))
    func set(_ system: KdumpSystem, _ text: String) {
      let text = text.utf8.prefix(KdumpSystem.textSize - 1)
      header.bytes.replaceSubrange(Int(system.offset)..<Int(system.offset) + text.count, with: text)
    }
    set(.name, vmcoreinfo == nil ? "" : "Linux")
    set(.release, vmcoreinfo?.value(of: "OSRELEASE").map(String.init) ?? "")
    switch architecture {
    case .x86: set(.machine, "i686")
    case .aarch64: set(.machine, "aarch64")
    case .x8664, nil: set(.machine, "x86_64")
    }
    header.set(KdumpHeader.version, Self.version)
    header.set(KdumpHeader.status, KdumpCompression.zlib.rawValue)
    header.set(KdumpHeader.blockSize, Self.blockSize)
    header.set(KdumpHeader.subHeaderBlocks, subHeaderSize / Self.blockSize)
    header.set(KdumpHeader.bitmapBlocks, bitmapSize / Self.blockSize * 2)
    // Readers of this version take the 64-bit number of the sub-header.
    header.set(KdumpHeader.frames, min(frames.end, 0xffff_ffff))
    header.set(KdumpHeader.processors, UInt64(max(processors.count, 1)))
    return header.bytes
  }

  private func kdumpSubHeader(_ frames: FrameRuns, notesSize: UInt64) -> [UInt8] {
    let isWide = architecture != .x86
    let notesStart = Self.blockSize + KdumpSubHeader.byteCount
    var subHeader = HeaderRecord(isWide: isWide, byteCount: KdumpSubHeader.byteCount)
    // Signed: KASLR may put the kernel's image lower than its addresses say.
    let base = vmcoreinfo?.value(of: "NUMBER(phys_base)").flatMap { Int64($0) } ?? 0
    let word = UInt64(bitPattern: base)
    subHeader.set(KdumpSubHeader.physicalBase, isWide ? word : word & 0xffff_ffff)
    subHeader.set(KdumpSubHeader.frames64, frames.end)
    if notesSize > 0 {
      subHeader.set(KdumpSubHeader.notesOffset, notesStart)
      subHeader.set(KdumpSubHeader.notesSize, notesSize)
    }
    if let vmcoreinfo {
      // Its note is the last one, padded to 4 bytes.
      let size = UInt64(vmcoreinfo.utf8.count)
      let start = notesStart + notesSize - size.roundedUp(to: 4)
      subHeader.set(KdumpSubHeader.vmcoreinfoOffset, start)
      subHeader.set(KdumpSubHeader.vmcoreinfoSize, size)
    }
    return subHeader.bytes
  }
}

/// Writes pages, and their descriptors into the room that was left for them.
private struct KdumpPages {
  private static let batch = 4096
  private static let zeroPage = [UInt8](repeating: 0, count: Int(frameSize))

  private let file: OutputFile
  private var descriptorPlace: UInt64
  private var descriptors: [UInt8] = []
  /// The descriptor of the page of zeros, once there is one.
  private var zeroDescriptor: [UInt8]?

  init(_ file: OutputFile, count: UInt64) {
    self.file = file
    descriptorPlace = file.position
  }

  mutating func write(_ memory: some PhysicalMemory, _ run: MemoryRun) throws(DumpError) {
    var address = run.start
    var left = run.byteCount
    while left > 0 {
      if memory.knownZeroCount(at: address) >= frameSize {
        try addZeros()
      } else {
        let page: Void? = try write(memory, at: address)
        if page == nil {
          let bytes = try memory.scatteredBytes(at: address, count: Int(frameSize))
          unsafe try add(bytes.span.bytes)
        }
      }
      address = address.advanced(by: frameSize)
      left -= frameSize
    }
  }

  private mutating func write(
    _ memory: some PhysicalMemory, at address: PhysicalAddress
  ) throws(DumpError) -> Void? {
    let result = memory.withBytes(at: address, count: Int(frameSize)) { bytes in
      Result { () throws(DumpError) in try add(bytes) }
    }
    return try result?.get()
  }

  private mutating func add(_ page: RawSpan) throws(DumpError) {
    if countZeros(page) == page.byteCount { return try addZeros() }
    try describe(Self.write(page, to: file))
  }

  private mutating func addZeros() throws(DumpError) {
    if zeroDescriptor == nil {
      zeroDescriptor = unsafe try Self.write(Self.zeroPage.span.bytes, to: file)
    }
    try describe(zeroDescriptor ?? [])
  }

  private static func write(_ page: RawSpan, to file: OutputFile) throws(DumpError) -> [UInt8] {
    let packed = PageCompression.deflate(page)
    var descriptor = HeaderRecord(isWide: true, byteCount: KdumpPage.byteCount)
    descriptor.set(KdumpPage.offset, file.position)
    descriptor.set(KdumpPage.size, UInt64(packed?.count ?? page.byteCount))
    let compression = packed == nil ? KdumpCompression.none : .zlib
    descriptor.set(KdumpPage.flags, compression.rawValue)
    if let packed { try file.write(packed) } else { try file.write(page) }
    return descriptor.bytes
  }

  private mutating func describe(_ descriptor: [UInt8]) throws(DumpError) {
    descriptors += descriptor
    if descriptors.count >= Self.batch * Int(KdumpPage.byteCount) { try finish() }
  }

  mutating func finish() throws(DumpError) {
    try file.overwrite(descriptors, at: descriptorPlace)
    descriptorPlace += UInt64(descriptors.count)
    descriptors.removeAll(keepingCapacity: true)
  }
}
