import BitLayout
import Paging
import WindowsMemory

/// The letters that stand for the bits of a valid entry: `---DA--UWEV`.
struct WindbgLetters {
  private let copyOnWrite: UInt64
  private let decoder: PTEDecoder
  /// The letters of arm64; nil on x86.
  private let arm64: WindbgLettersOfARM64?

  /// Takes where software's bits are from a kernel.
  init(_ kernel: WindowsKernel) {
    let fields = kernel.layout(.hardware)?.fields ?? []
    copyOnWrite = fields.first { String(describing: $0.name) == "CopyOnWrite" }?.mask ?? 0
    decoder = PTEDecoder(kernel)
    arm64 = kernel.format == .arm64 ? WindbgLettersOfARM64(fields) : nil
  }

  /// The letters of the debugger since Windows XP, left to right.
  ///
  /// Published output shows `W` for entries with the processor's bit set and `R` for those with
  /// neither it nor Windows' own. Which letter stands for a clean page, with the latter only, is
  /// not known: `?` is ours.
  func modern(_ entry: UInt64, level: Int) -> String {
    if let arm64 { return arm64.letters(of: entry) }
    let fields = X86Fields.self
    func letter(_ mask: UInt64, _ set: Character, _ clear: Character = "-") -> Character {
      entry & mask != 0 ? set : clear
    }
    let isClean = decoder.writeRight(of: entry) == .writableWhenDirty
    return String([
      letter(copyOnWrite, "C"), letter(fields.global.mask, "G"),
      level > 1 ? letter(fields.pageSize.mask, "L") : "-",
      letter(fields.dirty.mask, "D"), letter(fields.accessed.mask, "A"),
      letter(fields.cacheDisable.mask, "N"), letter(fields.writeThrough.mask, "T"),
      letter(fields.user.mask, "U", "K"),
      letter(fields.writable.mask, "W", isClean ? "?" : "R"),
      letter(fields.executeDisable.mask, "-", "E"), letter(fields.present.mask, "V"),
    ])
  }

  /// The nine letters of Windows NT 4 and 2000, without those of copy-on-write and of execution.
  func old(_ entry: UInt64, level: Int) -> String {
    var letters = Array(modern(entry, level: level))
    letters.remove(at: 9)
    letters.remove(at: 0)
    return String(letters)
  }
}
