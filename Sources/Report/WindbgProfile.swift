import Paging
import WindowsMemory

/// The columns of the debugger's `!pte`, which differ by the kind of page tables.
///
/// Every number here is measured on published output. For PDEs of 4-byte entries only frame numbers of
/// up to four digits were seen; how wider ones are padded follows from the others.
struct WindbgProfile {
  /// The blanks before the line with the address.
  let margin: Int
  /// The digits of addresses and of entries.
  let addressDigits: Int
  let entryDigits: Int
  /// The characters from one column to the next.
  let column: Int
  /// The characters of a frame number.
  let frameWidth: Int
  /// The blanks between the letters of an entry and `LARGE PAGE`.
  var largePageGap: Int
  /// The characters of the frame number of a large page.
  var largePageWidth = 12
  /// The states of PTEs that are not valid of which output was published.
  var published: Set<PTEState> = []

  private static let x64 = WindbgProfile(
    margin: 43, addressDigits: 16, entryDigits: 16, column: 27, frameWidth: 8, largePageGap: 2,
    published: [.demandZero, .transition, .pageFile, .virtualStore, .prototype, .prototypeVAD])
  private static let arm64 = WindbgProfile(
    margin: 43, addressDigits: 16, entryDigits: 16, column: 27, frameWidth: 9, largePageGap: 2)
  private static let pae = WindbgProfile(
    margin: 20, addressDigits: 8, entryDigits: 16, column: 27, frameWidth: 8, largePageGap: 4,
    published: [.demandZero])
  private static let x86 = WindbgProfile(
    margin: 17, addressDigits: 8, entryDigits: 8, column: 24, frameWidth: 4, largePageGap: 3)

  /// The last build before Vista, whose debugger put large pages elsewhere.
  private static let lastOldBuild = 3790

  /// The profile of a mode and a kernel; nil where no output of the debugger is known.
  init?(_ mode: PagingMode, build: Int? = nil) {
    switch mode {
    case .x86_64: self = .x64
    case .pae: self = .pae
    case .x86: self = .x86
    case .arm64: self = .arm64
    case .la57: return nil
    }
    if let build, build <= Self.lastOldBuild { (largePageGap, largePageWidth) = (3, 9) }
  }

  private init(
    margin: Int, addressDigits: Int, entryDigits: Int, column: Int, frameWidth: Int,
    largePageGap: Int, published: Set<PTEState> = []
  ) {
    self.margin = margin
    self.addressDigits = addressDigits
    self.entryDigits = entryDigits
    self.column = column
    self.frameWidth = frameWidth
    self.largePageGap = largePageGap
    self.published = published
  }

  private static let names = ["PTE", "PDE", "PPE", "PXE"]
  /// The number of levels that have a name.
  static let levelCount = names.count

  /// The debugger's name of an entry.
  static func name(_ level: Int) -> String { names[level - 1] }
}
