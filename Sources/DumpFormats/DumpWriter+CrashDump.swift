import PhysicalMemory

extension DumpWriter {
  /// What the header's comment says.
  private static let comment = "written by mmubench"

  /// Writes a Windows crash dump: its header, a bitmap where wanted, and the pages.
  ///
  /// - Returns: what the format could not keep.
  func writeCrashDump(
    _ memory: some PhysicalMemory, _ runs: [MemoryRun], isWide: Bool, hasBitmap: Bool,
    to file: OutputFile
  ) throws(DumpError) -> [String] {
    let frames = FrameRuns(runs)
    try check(frames, isWide: isWide, hasBitmap: hasBitmap, path: file.path)
    // Readers want the bits to fill 64-bit words.
    let bits = frames.end.roundedUp(to: CrashDumpBitmap.bitAlignment)
    let blockStart = CrashDumpHeader.byteCount(isWide: isWide)
    let bitmapStart = blockStart + CrashDumpBitmap.bits.wide.offset
    let firstPage = hasBitmap ? (bitmapStart + bits / 8).roundedUp(to: frameSize) : blockStart
    let size = firstPage + frames.count * frameSize
    try file.write(
      crashDumpHeader(frames, isWide: isWide, type: hasBitmap ? .bitmapFull : .full, size: size))
    if hasBitmap {
      var block = HeaderRecord(isWide: true, byteCount: CrashDumpBitmap.bits.wide.offset)
      block.set(CrashDumpBitmap.signature, CrashDumpBitmap.full)
      block.set(CrashDumpBitmap.validDump, CrashDumpHeader.dump)
      block.set(CrashDumpBitmap.firstPage, firstPage)
      block.set(CrashDumpBitmap.presentPages, frames.count)
      block.set(CrashDumpBitmap.pages, bits)
      try file.write(block.bytes)
      try frames.writeBitmap(bits: bits, to: file)
      try file.writeZeros(firstPage - file.position)
    }
    for run in frames.runs { try file.write(memory, run) }
    return frames.losses + crashDumpLosses
  }

  private var crashDumpLosses: [String] {
    var losses: [String] = []
    if root != nil, !processors.isEmpty {
      losses.append("a crash dump keeps no control registers but CR3")
    }
    if root?.mode == .la57 {
      losses.append("a crash dump does not say that paging has 5 levels: read it with --mode la57")
    }
    if vmcoreinfo != nil { losses.append("a crash dump keeps no VMCOREINFO") }
    return losses
  }

  private func check(
    _ frames: FrameRuns, isWide: Bool, hasBitmap: Bool, path: String
  ) throws(DumpError) {
    func fail(_ reason: String, _ suggestion: String?) -> DumpError {
      .cannotCreate(path: path, reason: reason, suggestion: suggestion)
    }
    guard !frames.runs.isEmpty else { throw fail("there is no whole frame to write", nil) }
    if let architecture, isWide != (architecture != .x86) {
      throw fail(
        "format \(format.rawValue) is for \(isWide ? "64" : "32")-bit kernels, and this machine is"
          + " \(architecture.rawValue)", "write format \(isWide ? "dmp32" : "dmp")")
    }
    let most = CrashDumpHeader.mostRuns(isWide: isWide)
    guard hasBitmap || UInt64(frames.runs.count) <= most else {
      throw fail(
        "its header has room for \(most) runs, and there are \(frames.runs.count)",
        isWide ? "write format dmp-bitmap" : "write format elf")
    }
    let end: UInt64 = isWide ? DumpLimits().frames : 1 << 32
    guard frames.end <= end, isWide || frames.count < end else {
      throw fail("memory at \((end * frameSize).hex) and above is beyond it", "write format elf")
    }
  }

  private func crashDumpHeader(
    _ frames: FrameRuns, isWide: Bool, type: CrashDumpType, size: UInt64
  ) -> [UInt8] {
    // What nobody sets is filled with the signature.
    let count = Int(CrashDumpHeader.byteCount(isWide: isWide)) / 4
    let page = UInt32(CrashDumpHeader.page).littleEndianBytes
    var header = HeaderRecord(
      isWide: isWide, bytes: (0..<count).flatMap { _ in page })
    header.set(CrashDumpHeader.validDump, isWide ? CrashDumpHeader.dump64 : CrashDumpHeader.dump)
    header.set(CrashDumpHeader.majorVersion, 0xf)
    header.set(CrashDumpHeader.minorVersion, UInt64(windows?.build ?? 0))
    let register = root?.register ?? 0
    header.set(CrashDumpHeader.directoryTableBase, isWide ? register : register & 0xffff_ffff)
    header.set(CrashDumpHeader.pfnDataBase, windows?.pfnDatabase ?? 0)
    header.set(CrashDumpHeader.activeProcesses, windows?.processList ?? 0)
    for field in [
      CrashDumpHeader.loadedModules, CrashDumpHeader.bugCheckCode, CrashDumpHeader.debuggerData,
    ] {
      header.set(field, 0)
    }
    let machine: CrashDumpMachine =
      switch architecture {
      case .x86: .i386
      case .x8664: .amd64
      case .aarch64: .arm64
      case nil: isWide ? .amd64 : .i386
      }
    header.set(CrashDumpHeader.machine, machine.rawValue)
    header.set(CrashDumpHeader.processors, UInt64(max(processors.count, 1)))
    header.set(CrashDumpHeader.paeEnabled, root?.mode == .pae ? 1 : 0)
    header.set(CrashDumpHeader.numberOfPages, frames.count)
    setRuns(frames, of: &header, isWide: isWide)
    header.set(CrashDumpHeader.dumpType, type.rawValue)
    header.set(CrashDumpHeader.requiredDumpSpace, size)
    let comment = Array(Self.comment.utf8) + [0]
    let place = Int(CrashDumpHeader.comment.place(isWide: isWide).offset)
    header.bytes.replaceSubrange(place..<place + comment.count, with: comment)
    return header.bytes
  }

  /// Lists the runs of frames, as many as there is room for.
  private func setRuns(_ frames: FrameRuns, of header: inout HeaderRecord, isWide: Bool) {
    let most = CrashDumpHeader.mostRuns(isWide: isWide)
    let listed = frames.runs.prefix(Int(most))
    header.set(CrashDumpHeader.numberOfRuns, UInt64(listed.count))
    let list = CrashDumpHeader.runs.place(isWide: isWide).offset
    for (index, run) in listed.enumerated() {
      var record = HeaderRecord(
        isWide: isWide, byteCount: CrashDumpRun.byteCount(isWide: isWide))
      record.set(CrashDumpRun.basePage, run.start.frame)
      record.set(CrashDumpRun.pageCount, run.byteCount / frameSize)
      let offset = Int(list) + index * record.bytes.count
      header.bytes.replaceSubrange(offset..<offset + record.bytes.count, with: record.bytes)
    }
  }
}
