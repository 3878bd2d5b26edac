import LinuxMemory
import Machine
import Paging
import PhysicalMemory

/// Compares a machine with what a guest kernel said about itself.
///
/// Under every root of every process, the pagemap that follows from the tables equals that of the
/// guest, word by word; nothing else is mapped in the user half; the kernel's own memory is where
/// the kernel said; another walker gave the same answers; and the processes that the dump names are
/// those that the kernel listed.
struct TruthComparison {
  let machine: Machine
  let truth: GuestTruth

  /// The first disagreements, at most `limit`, in words.
  func disagreements(limit: Int = 10) -> [String] {
    let decoder: LinuxEntryDecoder
    do {
      decoder = LinuxEntryDecoder(try kernel(), machine.paging)
    } catch {
      return ["\(error)"]
    }
    var found = [modeDifference, systemDifference].compactMap(\.self)
    guard found.isEmpty else { return found }
    found += ProcessComparison(machine: machine, truth: truth).disagreements(limit: limit)
    let facts = facts(decoder)
    for process in truth.processes {
      for register in process.root.registers {
        var state = machine.paging
        state.cr3 = register
        let name = "\(process.comm) (\(process.pid)), root \(state.root)"
        let pages = PagemapComparison(
          process: process, name: name, memory: machine.memory, state: state, decoder: decoder,
          facts: facts)
        found += pages.disagreements(limit: limit - found.count)
        let kernel = KernelComparison(
          truth: truth, name: name, memory: machine.memory, state: state)
        found += kernel.disagreements(limit: limit - found.count)
        guard found.count < limit else { return found }
      }
    }
    return found
      + AnswerComparison(machine: machine, truth: truth)
      .disagreements(limit: limit - found.count)
  }

  /// Nothing else can agree where the mode is another.
  private var modeDifference: String? {
    guard let name = truth.pagingMode, let mode = GuestTruth.modes[name],
      mode != machine.paging.mode
    else { return nil }
    return "the guest's mode is \(mode.rawValue), the machine's \(machine.paging.mode.rawValue)"
  }

  /// The truth is that of a Linux, and of one version.
  private var systemDifference: String? {
    guard machine.system.windows == nil else {
      return "the guest's system is Linux, the machine's \(machine.system.id)"
    }
    guard let version = truth.kernelVersion, let known = machine.system.linux?.kernel.version,
      (version.major, version.minor) != (known.major, known.minor)
    else { return nil }
    return "the guest's kernel is Linux \(version), the machine's Linux \(known)"
  }

  /// The kernel that made the tables: the machine's own, else the one that the truth names.
  private func kernel() throws(LinuxKernelError) -> LinuxKernel {
    if let kernel = machine.system.linux?.kernel { return kernel }
    let format = LinuxEntryFormat(machine.paging.mode)
    return try LinuxKernel(truth.kernelVersion ?? LinuxVersion(6, 1), format)
  }

  /// What is known of frames: the flags that the guest said, and how often each is mapped, counted
  /// over all processes.
  private func facts(_ decoder: LinuxEntryDecoder) -> FrameFacts {
    var facts = FrameFacts()
    facts.flags = truth.frameFlagTable
    var counter = FrameCounter(pageShift: machine.paging.pageShift(1))
    for process in truth.processes {
      var state = machine.paging
      state.cr3 = process.root.kernel.value
      var scan = AreaScan(process.areas.areas, decoder, state, counter)
      counter = state.perform(&scan, on: machine.memory)
    }
    facts.mapCounts = counter.coverage.table()
    return facts
  }
}

extension GuestTruth {
  /// The modes by the names of the schema.
  fileprivate static let modes: [String: PagingMode] = [
    "x64-4": .x86_64, "x64-5": .la57, "pae": .pae, "x86-32": .x86, "arm64": .arm64,
  ]
}

extension GuestTruth.Roots {
  /// The roots, the kernel's first, each once.
  var registers: [UInt64] {
    user.value == kernel.value ? [kernel.value] : [kernel.value, user.value]
  }
}

/// Counts how often frames are mapped.
private struct FrameCounter: AreaVisitor {
  let pageShift: UInt64
  var coverage = CoverageCount()

  mutating func visit(_ piece: AreaPiece) -> Bool {
    guard let reading = piece.reading, reading.isPresent, !reading.isSpecial,
      !piece.area.flags.contains(.frameMap), let page = reading.frame
    else { return true }
    coverage.add((page.rawValue >> pageShift) + piece.pagesBefore, count: piece.pageCount)
    return true
  }
}
