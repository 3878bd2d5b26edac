import PhysicalMemory
import WindowsMemory

/// A process of the simulated Windows.
final class WindowsProcessState: SimulatedProcess {
  let name: String
  let pid: UInt64
  /// The value of CR3.
  let root: UInt64
  /// The address of its record.
  let record: UInt64
  /// The ranges of addresses, in the tree that their descriptors make in memory.
  var ranges = RangeTree<AddressRange>()
  /// The topmost descriptor of the tree.
  var vadRoot: UInt64 = 0
  /// The pages that are in memory for it, those with its page tables too.
  var workingSet: WorkingSet
  /// The protection of pages of views that have one of their own, by the number of the page.
  var viewProtections: [UInt64: MMProtection] = [:]
  /// The pages that are locked into the working set.
  var lockedPages: Set<UInt64> = []
  /// The stack of the thread, if the timeline made one.
  var stack: ThreadStack? {
    didSet { classifier = nil }
  }
  /// The classifier, until the descriptors change.
  var classifier: PageClassifier? {
    didSet { knownFault = nil }
  }
  /// The last fault whose like come to the same, until the descriptors change.
  var knownFault: KnownFault?

  /// Before the first page of a program come the entries of page tables; the number is arbitrary.
  private static let usualFirstIndex: UInt64 = 0x100

  init(name: String, pid: UInt64, root: UInt64, record: UInt64, firstIndex: UInt64?) {
    self.name = name
    self.pid = pid
    self.root = root
    self.record = record
    workingSet = WorkingSet(firstIndex: firstIndex ?? Self.usualFirstIndex)
  }

  /// The node of the range that holds a page.
  func rangeIndex(of page: UInt64) -> Int? { ranges.node(holding: page) }

  /// The page in which the kernel shares its clock and its version with every program.
  static let sharedDataPage = SharedUserData.userAddress / frameSize

  /// Whether no range has any of these pages, and the kernel's shared data is not among them.
  func hasRoom(for pages: ClosedRange<UInt64>) -> Bool {
    !pages.contains(Self.sharedDataPage) && ranges.hasNone(of: pages)
  }
}

/// A range of addresses of a process, as its descriptor says.
struct AddressRange {
  var pages: ClosedRange<UInt64>
  var kind: VADWords.Kind
  var protection: MMProtection
  var isPrivate: Bool
  /// Whether all pages were committed with the reservation.
  var isCommitted: Bool
  /// The address of the descriptor.
  var address: UInt64
  /// The section of a view and the page of it with which the view begins.
  var view: (section: SectionState, page: UInt64)?
  /// How many pages are charged.
  var charge: UInt64 = 0

  /// Whether a page is committed whose entry in a page table is this one, of memory that is no view.
  func isCommitted(by entry: UInt64, _ decoder: PTEDecoder) -> Bool {
    entry == 0 ? isCommitted : decoder.reading(of: entry).state != .decommitted
  }
}

extension AddressRange: PlacedRange {
  var first: UInt64 { pages.lowerBound }
  var last: UInt64 { pages.upperBound }
}

/// A section of the simulated Windows.
final class SectionState {
  let name: String
  let isImage: Bool
  let isFile: Bool
  let controlArea: UInt64
  let parts: [Part]
  /// How many views there are.
  var viewCount = 0
  /// How many pages are charged.
  var charge: UInt64 = 0
  /// What the file holds, by page, where it is not what it held at first.
  var written: [UInt64: [UInt8]] = [:]

  /// A subsection with its prototype array.
  struct Part {
    /// The address of the subsection and of its first prototype entry.
    var address: UInt64
    var base: UInt64
    /// The first page, as the section counts, and the number of pages.
    var first: UInt64
    var count: UInt64
    var protection: MMProtection
    /// How many of the pages the file has.
    var filePages: UInt64
  }

  init(name: String, isImage: Bool, isFile: Bool, controlArea: UInt64, parts: [Part]) {
    self.name = name
    self.isImage = isImage
    self.isFile = isFile
    self.controlArea = controlArea
    self.parts = parts
  }

  var pageCount: UInt64 { parts.reduce(0) { $0 + $1.count } }

  /// The subsection with a page.
  func part(ofPage page: UInt64) -> Part? {
    parts.first { page >= $0.first && page - $0.first < $0.count }
  }

  /// The page whose prototype entry is at an address.
  func page(ofPrototype address: UInt64, entrySize: UInt64) -> UInt64? {
    for part in parts where address >= part.base {
      let index = (address - part.base) / entrySize
      if index < part.count { return part.first + index }
    }
    return nil
  }

  /// What the file holds: at first the name, the number of the page, and a byte that says it again.
  func content(ofPage page: UInt64) -> [UInt8] {
    written[page] ?? FileContent.page(page, of: name)
  }
}

/// The content of files, which nobody states: it is the same everywhere.
enum FileContent {
  /// A page of a file: its name and number as text, then the lowest byte of the number plus 1.
  static func page(_ page: UInt64, of name: String) -> [UInt8] {
    var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: page &+ 1), count: Int(frameSize))
    let text = Array("\(name) page \(page)".utf8.prefix(64))
    bytes.replaceSubrange(0..<text.count, with: text)
    return bytes
  }
}

/// A page file of the simulated Windows.
struct PageFileState {
  let number: UInt64
  let isStore: Bool
  private(set) var slots: SlotList
  /// What is at each page that is in use; nil stands for zeros.
  private var pages: [UInt64: [UInt8]?] = [:]

  init(number: UInt64, isStore: Bool, pageCount: UInt64) {
    self.number = number
    self.isStore = isStore
    slots = SlotList(pageCount: pageCount)
  }

  /// Writes a page; nil where no place is free.
  mutating func put(_ content: [UInt8]?) -> UInt64? {
    guard let place = slots.take() else { return nil }
    pages.updateValue(content, forKey: place)
    return place
  }

  func content(at place: UInt64) -> [UInt8]? { pages[place] ?? nil }

  mutating func release(_ place: UInt64) {
    if pages.removeValue(forKey: place) != nil { slots.give(place) }
  }
}
