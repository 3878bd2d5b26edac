public import PhysicalMemory

/// Writes physical memory as a dump, whole or not at all.
public struct DumpWriter: Sendable {
  /// The containers that can be written, by the names of the command line.
  public enum Format: String, Hashable, Sendable, CaseIterable {
    /// The bytes of memory from address 0 on; what is absent reads as zero.
    case raw
    /// A 64-bit ELF core.
    case elf
    /// A 32-bit ELF core, for memory below 4 GiB.
    case elf32
    /// The format of the LiME module.
    case lime
    /// AVML, version 2.
    case avml
    /// kdump-compressed, with zlib.
    case kdump
    /// A full 64-bit Windows crash dump.
    case dmp
    /// A 64-bit Windows crash dump with a bitmap of its pages.
    case dmpBitmap = "dmp-bitmap"
    /// A full 32-bit Windows crash dump.
    case dmp32

    /// Whether the format has notes, for registers and VMCOREINFO.
    var keepsNotes: Bool { self == .elf || self == .elf32 || self == .kdump }
  }

  /// The container.
  public var format: Format
  /// The processor family in the ELF header; by default that which goes with the class.
  public var architecture: Architecture?
  /// The processors whose control registers go into QEMU's notes of an ELF core.
  public var processors: [ProcessorState]
  /// The text of the VMCOREINFO note of an ELF core.
  public var vmcoreinfo: String?
  /// The top table that the header of a crash dump names.
  public var root: RecordedRoot?
  /// What the header of a crash dump says of the kernel.
  public var windows: WindowsDumpHeader?

  /// Describes what to write beside the memory.
  public init(
    _ format: Format, architecture: Architecture? = nil, processors: [ProcessorState] = [],
    vmcoreinfo: String? = nil, root: RecordedRoot? = nil, windows: WindowsDumpHeader? = nil
  ) {
    self.windows = windows
    self.format = format
    self.architecture = architecture
    self.processors = processors
    self.vmcoreinfo = vmcoreinfo
    self.root = root
  }

  /// Writes `memory` to the file `path`; zero pages become holes of the file.
  ///
  /// - Parameters:
  ///   - memory: the memory; its runs and their bytes are written.
  ///   - path: the file to create.
  ///   - force: whether an existing file is replaced.
  /// - Returns: what the format could not keep, one sentence each.
  /// - Throws: `DumpError`; then there is no new file.
  @discardableResult
  public func write(
    _ memory: some PhysicalMemory, to path: String, force: Bool = false
  ) throws(DumpError) -> [String] {
    do { return try write(memory, memory.runs, to: path, force: force) } catch {
      guard case .damaged = error else { throw error }
    }
    // Only now it is worth the time to decode all of the memory twice.
    let damage = memory.readableRuns()
    let losses = try write(memory, damage.readable, to: path, force: force)
    return losses + ["\(damage.lost.hex) bytes are damaged in the input and left out"]
  }

  private func write(
    _ memory: some PhysicalMemory, _ runs: [MemoryRun], to path: String, force: Bool
  ) throws(DumpError) -> [String] {
    guard !runs.isEmpty else {
      throw .cannotCreate(path: path, reason: "there is no memory to write", suggestion: nil)
    }
    let file = try OutputFile(path, force: force)
    var losses = losses(runs)
    switch format {
    case .raw: try writeRaw(memory, runs, to: file)
    case .elf: try writeCore(memory, runs, .wide, to: file)
    case .elf32: try writeCore(memory, runs, .narrow, to: file)
    case .lime: try writeLime(memory, runs, to: file)
    case .avml: try writeAvml(memory, runs, to: file)
    case .kdump: losses += try writeKdump(memory, runs, to: file)
    case .dmp, .dmpBitmap, .dmp32:
      losses += try writeCrashDump(
        memory, runs, isWide: format != .dmp32, hasBitmap: format == .dmpBitmap, to: file)
    }
    try file.commit()
    return losses
  }

  /// What a reader of the file will not find in it.
  private func losses(_ runs: [MemoryRun]) -> [String] {
    var losses: [String] = []
    var end: UInt64 = 0
    var absent: UInt64 = 0
    for run in runs {
      absent += run.start.rawValue - end
      end = run.last.rawValue + 1
    }
    if format == .raw, absent > 0 {
      losses.append("\(absent.hex) absent bytes below \(end.hex) read as zero in a raw image")
    }
    let keepsRoot = format == .dmp || format == .dmpBitmap || format == .dmp32
    if !format.keepsNotes, !keepsRoot, !processors.isEmpty || vmcoreinfo != nil {
      losses.append("\(format.rawValue) keeps no registers and no VMCOREINFO")
    }
    // A reader that finds no EFER takes NXE as set.
    if format.keepsNotes, processors.contains(where: { $0.efer.map { $0 & 1 << 11 == 0 } ?? false })
    {
      losses.append("\(format.rawValue) does not keep EFER, in which NXE is clear")
    }
    return losses
  }

  private func writeRaw(
    _ memory: some PhysicalMemory, _ runs: [MemoryRun], to file: OutputFile
  ) throws(DumpError) {
    for run in runs {
      try file.writeZeros(run.start.rawValue - file.position)
      try file.write(memory, run)
    }
  }

  private func writeLime(
    _ memory: some PhysicalMemory, _ runs: [MemoryRun], to file: OutputFile
  ) throws(DumpError) {
    for run in runs {
      try file.write(LimeHeader(start: run.start.rawValue, last: run.last.rawValue).encoded)
      try file.write(memory, run)
    }
  }
}

extension OutputFile {
  /// Appends the bytes of a run that `memory` says it has.
  func write(_ memory: some PhysicalMemory, _ run: MemoryRun) throws(DumpError) {
    var address = run.start
    var left = run.byteCount
    while left > 0 {
      let zeros = min(memory.knownZeroCount(at: address), left)
      guard zeros == 0 else {
        try writeZeros(zeros)
        address = address.advanced(by: zeros)
        left -= zeros
        continue
      }
      let count = min(left, frameSize - address.rawValue % frameSize)
      try writePiece(of: memory, at: address, count: Int(count))
      address = address.advanced(by: count)
      left -= count
    }
  }

  private func writePiece(
    of memory: some PhysicalMemory, at address: PhysicalAddress, count: Int
  ) throws(DumpError) {
    let written = memory.withBytes(at: address, count: count) { bytes in
      Result { () throws(DumpError) in try write(bytes) }
    }
    if let written { return try written.get() }
    // The frame is in several places.
    try write(memory.scatteredBytes(at: address, count: count))
  }
}

extension PhysicalMemory {
  /// Bytes that lie in several places.
  func scatteredBytes(at address: PhysicalAddress, count: Int) throws(DumpError) -> [UInt8] {
    let bytes = bytes(at: address, count: count).compactMap { $0 }
    guard bytes.count == count else { throw .damaged(address) }
    return bytes
  }

  /// The runs without the frames that cannot be read, and how many bytes these are.
  fileprivate func readableRuns() -> (readable: [MemoryRun], lost: UInt64) {
    var readable: [MemoryRun] = []
    var lost: UInt64 = 0
    for run in runs {
      var address = run.start
      var left = run.byteCount
      while left > 0 {
        let zeros = knownZeroCount(at: address)
        let count =
          zeros > 0 ? min(zeros, left) : min(left, frameSize - address.rawValue % frameSize)
        if zeros > 0 || canRead(address, count: Int(count)) {
          if let last = readable.last, last.last.advanced(by: 1) == address {
            readable[readable.count - 1].byteCount += count
          } else {
            readable.append(MemoryRun(start: address, byteCount: count))
          }
        } else {
          lost += count
        }
        address = address.advanced(by: count)
        left -= count
      }
    }
    return (readable, lost)
  }

  private func canRead(_ address: PhysicalAddress, count: Int) -> Bool {
    withBytes(at: address, count: count) { _ in true }
      ?? !bytes(at: address, count: count).contains(nil)
  }
}
