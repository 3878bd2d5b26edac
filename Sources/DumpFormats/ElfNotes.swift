import PhysicalMemory

/// What the notes of an ELF core say about the machine.
struct ElfNotes {
  private static let longestText: UInt64 = 1 << 20
  private static let mostProcessors = 4096

  private(set) var processors: [ProcessorState] = []
  private(set) var vmcoreinfo: String?
  private var virtualBoxVersion: UInt64?
  private var unreadableProcessors = 0
  private var bytesRead: UInt64 = 0

  /// Reads the notes of one `PT_NOTE` segment; damage ends the reading, with a warning.
  mutating func read(
    _ bytes: ByteMapping, at start: UInt64, byteCount: UInt64, _ warnings: inout Warnings
  ) {
    let fileEnd = UInt64(bytes.count)
    let end = min(start.addingClamped(byteCount), fileEnd)
    if start.addingClamped(byteCount) > fileEnd {
      warnings.add("notes at byte \(start.hex): the file ends within them")
    }
    guard start < end else { return }
    // Hostile headers could send the reader over the same notes thousands of times.
    bytesRead += end - start
    guard bytesRead <= fileEnd else {
      warnings.add("notes at byte \(start.hex): note segments overlap; not read")
      return
    }
    var offset = start
    while end - offset >= 12 {
      guard let note = Note(bytes, at: offset, end: end) else {
        warnings.add("note at byte \(offset.hex): it reaches past the end of its segment")
        return
      }
      read(note, bytes)
      offset = min(note.next, end)
    }
  }

  /// Reads the text of VMCOREINFO where a header says its place.
  mutating func readVmcoreinfo(
    _ bytes: ByteMapping, at start: UInt64, byteCount: UInt64, _ warnings: inout Warnings
  ) {
    guard vmcoreinfo == nil else { return }
    vmcoreinfo = bytes.text(at: start, count: Int(min(byteCount, Self.longestText)))
    if vmcoreinfo == nil {
      warnings.add("VMCOREINFO at byte \(start.hex): it reaches past the end of the file")
    }
  }

  private mutating func read(_ note: Note, _ bytes: ByteMapping) {
    switch note.name(in: bytes) {
    case "QEMU": readQEMU(note, bytes)
    case "VBCORE":
      let core = HeaderReader(bytes: bytes, path: "", isWide: true, base: note.description)
      virtualBoxVersion = core.load(VirtualBoxNote.formatVersion)
    case "VBCPU": readVirtualBox(note, bytes)
    case "VMCOREINFO" where vmcoreinfo == nil:
      let count = Int(min(note.byteCount, Self.longestText))
      vmcoreinfo = bytes.text(at: note.description, count: count)
    default: break
    }
  }

  private mutating func readQEMU(_ note: Note, _ bytes: ByteMapping) {
    let state = HeaderReader(bytes: bytes, path: "", isWide: true, base: note.description)
    guard note.byteCount >= QEMUNote.leastByteCount,
      state.load(QEMUNote.version) == QEMUNote.knownVersion,
      let cr0 = state.load(QEMUNote.cr0), let cr3 = state.load(QEMUNote.cr3),
      let cr4 = state.load(QEMUNote.cr4)
    else {
      unreadableProcessors += 1
      return
    }
    add(cr0: cr0, cr3: cr3, cr4: cr4, efer: nil, maker: "QEMU")
  }

  private mutating func readVirtualBox(_ note: Note, _ bytes: ByteMapping) {
    let state = HeaderReader(bytes: bytes, path: "", isWide: true, base: note.description)
    guard let version = virtualBoxVersion, version >> 16 == 1, version & 0xffff >= 4,
      note.byteCount >= VirtualBoxNote.leastByteCount,
      let cr0 = state.load(VirtualBoxNote.cr0), let cr3 = state.load(VirtualBoxNote.cr3),
      let cr4 = state.load(VirtualBoxNote.cr4), let efer = state.load(VirtualBoxNote.efer)
    else {
      unreadableProcessors += 1
      return
    }
    add(cr0: cr0, cr3: cr3, cr4: cr4, efer: efer, maker: "VirtualBox")
  }

  private mutating func add(
    cr0: UInt64, cr3: UInt64, cr4: UInt64, efer: UInt64?, maker: String
  ) {
    guard processors.count < Self.mostProcessors else { return unreadableProcessors += 1 }
    let source = "\(maker) note of processor \(processors.count)"
    processors.append(ProcessorState(cr0: cr0, cr3: cr3, cr4: cr4, efer: efer, source: source))
  }

  func finish(_ warnings: inout Warnings) {
    if unreadableProcessors > 0 {
      warnings.add("\(unreadableProcessors) processor notes are of an unknown version or too many")
    }
  }
}

/// One entry of a note segment: three words, the name, the description, each padded to 4 bytes.
private struct Note {
  let start: UInt64
  let nameSize: UInt64
  let description: UInt64
  let byteCount: UInt64
  var next: UInt64 { description + byteCount.roundedUp(to: 4) }

  init?(_ bytes: ByteMapping, at start: UInt64, end: UInt64) {
    guard let nameSize = bytes.load(UInt32.self, at: start),
      let byteCount = bytes.load(UInt32.self, at: start + 4)
    else { return nil }
    self.start = start
    self.nameSize = UInt64(nameSize)
    self.byteCount = UInt64(byteCount)
    description = start + 12 + UInt64(nameSize).roundedUp(to: 4)
    // Two 32-bit sizes beyond an offset in a file cannot overflow. The last padding may lack.
    guard description + self.byteCount <= end else { return nil }
  }

  /// The name without its final NUL, which VirtualBox does not count; nil where it is long.
  func name(in bytes: ByteMapping) -> String? {
    nameSize <= 32 ? bytes.text(at: start + 12, count: Int(nameSize)) : nil
  }
}

extension ByteMapping {
  /// The text at `offset` up to a NUL or `count` bytes; nil where these reach past the end.
  func text(at offset: UInt64, count: Int) -> String? {
    withBytes(at: offset, count: count) { span in
      unsafe span.withUnsafeBytes { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
    }
  }
}
