import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Chooses how `!pte` is written: by the mode, and by the kernel where it is known.
struct WindbgStyle {
  private let machine: Machine
  private let system: WindowsSystem?
  private var kernel: WindowsKernel? { system?.kernel }

  /// The last build whose debugger writes a line for each group of entries: Windows 2000.
  private static let lastOldBuild = 2195

  init(_ machine: Machine) {
    self.machine = machine
    system = machine.system.windows
  }

  func write(_ walk: Walk, _ paging: PagingState, to out: inout TextBuffer) {
    guard !paging.isARM64 || paging.isOfWindows else {
      out.write("[Windows has pages of 4 KiB and four levels of tables; these are others]\n")
      return
    }
    let format = WindowsEntryFormat(walk.mode)
    // Where no kernel is named, the letters are those of the newest: no bit that they show has moved.
    let newest = WindowsKernel.identifiers(of: format).last
      .flatMap { try? WindowsKernel($0, format) }
    guard let profile = WindbgProfile(walk.mode, build: kernel?.id.build),
      let named = kernel ?? newest
    else { return }
    let letters = WindbgLetters(named)
    if walk.mode == .x86, let kernel, kernel.id.build <= Self.lastOldBuild {
      return WindbgOldWalk(walk: walk, letters: letters).write(to: &out)
    }
    WindbgWalk(
      paging: paging, walk: walk, profile: profile, selfMap: selfMap(paging),
      decoder: system?.decoder, letters: letters
    ).write(to: &out)
  }

  /// How many roots are looked at for the self-map.
  private static let rootLimit = 64

  /// The self-map of the root, or of another where this one shows user mode no kernel.
  private func selfMap(_ paging: PagingState) -> SelfMap? {
    if let own = SelfMap(of: paging, in: machine.memory, build: kernel?.id.build) { return own }
    if let root = system?.systemRoot {
      var state = machine.paging
      state.cr3 = root
      if let map = SelfMap(of: state, in: machine.memory) { return map }
    }
    return machine.addressSpaces.prefix(Self.rootLimit).lazy
      .compactMap { SelfMap(of: machine.paging(of: $0), in: machine.memory) }.first
  }
}

extension PagingState {
  /// Whether the tables have the sizes that the debugger has columns for.
  fileprivate var isOfWindows: Bool { pageShift(1) == 12 && topLevel == WindbgProfile.levelCount }
}
