import BitLayout

/// The ten letters that stand for the bits of a valid entry on arm64: `-WX-ADK-LV`.
///
/// Two published sessions show all of them but the first and the eighth, which are `-` throughout: that the
/// first is `C` of a page that is copied by whom writes, as on x86, is an assumption. The fourth is `G` where
/// NonGlobal is 0. A page is `X` where any of the two bits against execution is 0, `W` by the field Writable,
/// and `D` where NotDirty is 0.
struct WindbgLettersOfARM64 {
  private let letters: [(mask: UInt64, set: Character, clear: Character)]
  private let executeNever: UInt64

  init(_ fields: [BitField]) {
    func mask(_ name: String) -> UInt64 {
      fields.first { String(describing: $0.name) == name }?.mask ?? 0
    }
    executeNever = mask("PrivilegedNoExecute") | mask("UserNoExecute")
    letters = [
      (mask("CopyOnWrite"), "C", "-"), (mask("Writable"), "W", "R"), (executeNever, "-", "X"),
      (mask("NonGlobal"), "-", "G"), (mask("Accessed"), "A", "-"), (mask("NotDirty"), "-", "D"),
      (mask("Owner"), "U", "K"), (0, "-", "-"), (mask("NotLargePage"), "-", "L"),
      (mask("Valid"), "V", "-"),
    ]
  }

  func letters(of entry: UInt64) -> String {
    String(letters.map { entry & $0.mask == $0.mask ? $0.set : $0.clear })
  }
}
