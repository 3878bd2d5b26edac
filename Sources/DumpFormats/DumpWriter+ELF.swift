import PhysicalMemory

extension DumpWriter {
  /// Writes an ELF core: header, program headers, notes, then each run on pages of its own.
  ///
  /// As QEMU does it, `p_vaddr` and `p_align` are 0. Segments lie at offsets that equal their
  /// addresses modulo the page size, so that readers can map them.
  func writeCore(
    _ memory: some PhysicalMemory, _ runs: [MemoryRun], _ elfClass: ElfClass, to file: OutputFile
  ) throws(DumpError) {
    let runs = elfClass == .wide ? runs : try narrow(runs, path: file.path)
    let notes = encodedNotes()
    let count = UInt64(runs.count) + (notes.isEmpty ? 0 : 1)
    let isExtended = count >= ElfHeader.countElsewhere
    let headersEnd = elfClass.headerSize + count * elfClass.programHeaderSize
    let notesStart = headersEnd + (isExtended ? elfClass.sectionHeaderSize : 0)
    let notesEnd = notesStart + UInt64(notes.count)
    let offsets = try offsets(of: runs, after: notesEnd, elfClass, path: file.path)

    try file.write(header(elfClass, programHeaders: count, headersEnd: headersEnd))
    if !notes.isEmpty {
      var header = HeaderRecord(isWide: elfClass.isWide, byteCount: elfClass.programHeaderSize)
      header.set(ElfProgramHeader.type, ElfProgramHeader.note)
      header.set(ElfProgramHeader.offset, notesStart)
      header.set(ElfProgramHeader.fileSize, UInt64(notes.count))
      header.set(ElfProgramHeader.memorySize, UInt64(notes.count))
      try file.write(header.bytes)
    }
    for (run, offset) in zip(runs, offsets) {
      try file.write(programHeader(run, at: offset, elfClass).bytes)
    }
    if isExtended {
      var section = HeaderRecord(isWide: elfClass.isWide, byteCount: elfClass.sectionHeaderSize)
      section.set(ElfSectionHeader.info, count)
      try file.write(section.bytes)
    }
    try file.write(notes)
    for (run, offset) in zip(runs, offsets) {
      try file.writeZeros(offset - file.position)
      try file.write(memory, run)
    }
  }

  /// Checks that runs fit 32-bit addresses and cuts one that fills them, whose size would not fit.
  private func narrow(_ runs: [MemoryRun], path: String) throws(DumpError) -> [MemoryRun] {
    let limit: UInt64 = 1 << 32
    if let run = runs.last, run.last.rawValue >= limit {
      throw .cannotCreate(
        path: path,
        reason: "a 32-bit ELF core has no addresses from 4 GiB on, and there is memory at"
          + " \(PhysicalAddress(max(run.start.rawValue, limit)))",
        suggestion: "write format elf")
    }
    return runs.flatMap { run in
      guard run.byteCount == limit else { return [run] }
      let half = MemoryRun(start: run.start, byteCount: limit / 2)
      return [half, MemoryRun(start: run.start.advanced(by: limit / 2), byteCount: limit / 2)]
    }
  }

  private func offsets(
    of runs: [MemoryRun], after headers: UInt64, _ elfClass: ElfClass, path: String
  ) throws(DumpError) -> [UInt64] {
    var end = headers
    var offsets: [UInt64] = []
    offsets.reserveCapacity(runs.count)
    for run in runs {
      let offset = end.roundedUp(to: frameSize) + run.start.rawValue % frameSize
      let (next, overflow) = offset.addingReportingOverflow(run.byteCount)
      guard !overflow, next <= Int64.max, elfClass == .wide || offset < 1 << 32 else {
        throw .cannotCreate(
          path: path, reason: "the file would be larger than its format can say",
          suggestion: elfClass == .wide ? nil : "write format elf")
      }
      offsets.append(offset)
      end = next
    }
    return offsets
  }

  private func header(
    _ elfClass: ElfClass, programHeaders count: UInt64, headersEnd: UInt64
  ) -> [UInt8] {
    var header = HeaderRecord(isWide: elfClass.isWide, byteCount: elfClass.headerSize)
    // ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE.
    header.bytes.replaceSubrange(0..<7, with: [0x7f, 0x45, 0x4c, 0x46, elfClass.rawValue, 1, 1])
    let architecture = self.architecture ?? (elfClass == .wide ? .x8664 : .x86)
    header.set(ElfHeader.type, ElfHeader.core)
    header.set(ElfHeader.machine, UInt64(architecture.elfMachine))
    header.set(ElfHeader.version, 1)
    header.set(ElfHeader.programHeaders, elfClass.headerSize)
    header.set(ElfHeader.headerSize, elfClass.headerSize)
    header.set(ElfHeader.programHeaderSize, elfClass.programHeaderSize)
    header.set(ElfHeader.programHeaderCount, min(count, ElfHeader.countElsewhere))
    if count >= ElfHeader.countElsewhere {
      header.set(ElfHeader.sectionHeaders, headersEnd)
      header.set(ElfHeader.sectionHeaderSize, elfClass.sectionHeaderSize)
      header.set(ElfHeader.sectionHeaderCount, 1)
    }
    return header.bytes
  }

  private func programHeader(
    _ run: MemoryRun, at offset: UInt64, _ elfClass: ElfClass
  ) -> HeaderRecord {
    var header = HeaderRecord(isWide: elfClass.isWide, byteCount: elfClass.programHeaderSize)
    header.set(ElfProgramHeader.type, ElfProgramHeader.load)
    header.set(ElfProgramHeader.offset, offset)
    header.set(ElfProgramHeader.physicalAddress, run.start.rawValue)
    header.set(ElfProgramHeader.fileSize, run.byteCount)
    header.set(ElfProgramHeader.memorySize, run.byteCount)
    return header
  }

  func encodedNotes() -> [UInt8] {
    var notes: [UInt8] = []
    for processor in processors {
      var state = HeaderRecord(isWide: true, byteCount: QEMUNote.byteCount)
      state.set(QEMUNote.version, QEMUNote.knownVersion)
      state.set(QEMUNote.size, QEMUNote.byteCount)
      state.set(QEMUNote.cr0, processor.cr0)
      state.set(QEMUNote.cr3, processor.cr3)
      state.set(QEMUNote.cr4, processor.cr4)
      notes += note("QEMU", state.bytes)
    }
    if let vmcoreinfo { notes += note("VMCOREINFO", Array(vmcoreinfo.utf8)) }
    return notes
  }

  /// A note of type 0, as both QEMU's and the kernel's VMCOREINFO are.
  private func note(_ name: String, _ description: [UInt8]) -> [UInt8] {
    func padded(_ bytes: [UInt8]) -> [UInt8] {
      bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }
    let name = Array(name.utf8) + [0]
    return UInt32(name.count).littleEndianBytes + UInt32(description.count).littleEndianBytes
      + UInt32(0).littleEndianBytes + padded(name) + padded(description)
  }
}
