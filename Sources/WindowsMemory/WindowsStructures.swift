/// The record of a process: `_EPROCESS` with the `_KPROCESS` that it begins with.
public struct ProcessStructure: Sendable {
  /// The root of the tables, for the kernel.
  public let directoryTableBase: StructureMember
  /// The root for user mode, where the kernel shadows its addresses.
  public let userDirectoryTableBase: StructureMember?
  /// The number of the process.
  public let uniqueProcessId: StructureMember
  /// The links of the list of processes: the next record's links, and those of the one before.
  public let activeProcessLinks: StructureMember
  /// The first characters of the name of the program.
  public let imageFileName: StructureMember
  /// The process environment block.
  public let peb: StructureMember?
  /// The pointer to the topmost node of the tree of virtual address descriptors.
  public let vadTree: StructureMember
  /// The number of the process that made this one.
  public let inheritedFromUniqueProcessId: StructureMember?
  /// The pointer to the table of handles.
  public let objectTable: StructureMember?
  /// The pointer to the full name of the program, an `OBJECT_NAME_INFORMATION`.
  public let imageName: StructureMember?
  /// How the process ended; STATUS_PENDING as long as it has not.
  public let exitStatus: StructureMember?
  /// The table that the tree of virtual address descriptors hangs from, up to Windows 8.
  public let vadTable: StructureMember?
  /// The descriptor that was found last.
  public let vadHint: StructureMember?
  /// The number of descriptors; up to Windows 8 above other bits of the word.
  public let vadCount: StructureMember?
  /// The lowest bit of that number.
  public let vadCountShift: UInt64
  /// The size of the record.
  public let size: UInt64

  init?(_ kernel: WindowsKernel) {
    func member(_ name: String) -> StructureMember? { kernel.member(name, of: "_EPROCESS") }
    guard let directoryTableBase = member("DirectoryTableBase"),
      let uniqueProcessId = member("UniqueProcessId"),
      let activeProcessLinks = member("ActiveProcessLinks"),
      let imageFileName = member("ImageFileName"), let vadTree = member("VadTree"),
      let size = kernel.size(of: "_EPROCESS")
    else { return nil }
    self.directoryTableBase = directoryTableBase
    userDirectoryTableBase = member("UserDirectoryTableBase")
    self.uniqueProcessId = uniqueProcessId
    self.activeProcessLinks = activeProcessLinks
    self.imageFileName = imageFileName
    peb = member("Peb")
    self.vadTree = vadTree
    inheritedFromUniqueProcessId = member("InheritedFromUniqueProcessId")
    objectTable = member("ObjectTable")
    imageName = member("SeAuditProcessCreationInfo")
    exitStatus = member("ExitStatus")
    vadTable = member("VadTable")
    vadHint = member("VadHint")
    vadCount = member("VadCount")
    vadCountShift =
      kernel.member("NumberGenericTableElements", of: "_MM_AVL_TABLE")?.offset ?? 0
    self.size = size
  }
}

/// A virtual address descriptor: `_MMVAD`, of which private memory has the first part only.
public struct VADStructure: Sendable {
  /// The node with lower addresses.
  public let leftChild: StructureMember
  /// The node with higher addresses.
  public let rightChild: StructureMember
  /// The node above, with flags in the lowest bits of kernels from 2003 on.
  public let parent: StructureMember
  /// The number of the first page.
  public let startingVpn: StructureMember
  /// The number of the last page, inclusive.
  public let endingVpn: StructureMember
  /// The bits of the first page's number above the 32 lowest.
  public let startingVpnHigh: StructureMember?
  /// The bits of the last page's number above the 32 lowest.
  public let endingVpnHigh: StructureMember?
  /// The flags, `_MMVAD_FLAGS`.
  public let flags: StructureMember
  /// More flags, `_MMVAD_FLAGS1`.
  public let flags1: StructureMember?
  /// The control area of a view, before Vista; its first subsection lies behind it.
  public let controlArea: StructureMember?
  /// The first subsection of a view.
  public let subsection: StructureMember?
  /// The prototype entry of the first page.
  public let firstPrototypePte: StructureMember
  /// The last prototype entry that follows on the first without a gap.
  public let lastContiguousPte: StructureMember
  /// The size of a descriptor of private memory.
  public let shortSize: UInt64
  /// The size of a descriptor of a view.
  public let size: UInt64

  init?(_ kernel: WindowsKernel) {
    func member(_ name: String) -> StructureMember? { kernel.member(name, of: "_MMVAD") }
    guard let leftChild = member("LeftChild"), let rightChild = member("RightChild"),
      let parent = member("Parent"), let startingVpn = member("StartingVpn"),
      let endingVpn = member("EndingVpn"), let flags = member("Flags"),
      let firstPrototypePte = member("FirstPrototypePte"),
      let lastContiguousPte = member("LastContiguousPte"),
      let shortSize = kernel.size(of: "_MMVAD_SHORT"), let size = kernel.size(of: "_MMVAD")
    else { return nil }
    (self.leftChild, self.rightChild, self.parent) = (leftChild, rightChild, parent)
    (self.startingVpn, self.endingVpn) = (startingVpn, endingVpn)
    startingVpnHigh = member("StartingVpnHigh")
    endingVpnHigh = member("EndingVpnHigh")
    self.flags = flags
    flags1 = member("Flags1")
    controlArea = member("ControlArea")
    subsection = member("Subsection")
    self.firstPrototypePte = firstPrototypePte
    self.lastContiguousPte = lastContiguousPte
    (self.shortSize, self.size) = (shortSize, size)
  }
}

/// A stretch of a section with prototype entries of its own: `_SUBSECTION`.
public struct SubsectionStructure: Sendable {
  /// The control area of the section.
  public let controlArea: StructureMember
  /// The first prototype entry.
  public let subsectionBase: StructureMember
  /// The subsection that follows.
  public let nextSubsection: StructureMember
  /// The number of prototype entries.
  public let ptesInSubsection: StructureMember
  /// The flags, `_MMSUBSECTION_FLAGS`.
  public let flags: StructureMember
  /// Where in the file the subsection begins: in sectors of images, in 4-KiB units of data.
  public let startingSector: StructureMember
  /// How much of the file the subsection has, in the same units.
  public let numberOfFullSectors: StructureMember
  /// The high bits of `startingSector` among the flags.
  public let startingSectorHigh: StructureMember?
  /// The bytes of the last unit, which is not full, among the flags.
  public let sectorEndOffset: StructureMember?
  /// The protection of the pages, among the flags.
  public let protection: StructureMember?
  /// The size of the structure.
  public let size: UInt64

  init?(_ kernel: WindowsKernel) {
    func member(_ name: String) -> StructureMember? { kernel.member(name, of: "_SUBSECTION") }
    guard let controlArea = member("ControlArea"), let subsectionBase = member("SubsectionBase"),
      let nextSubsection = member("NextSubsection"),
      let ptesInSubsection = member("PtesInSubsection"), let flags = member("Flags"),
      let startingSector = member("StartingSector"),
      let numberOfFullSectors = member("NumberOfFullSectors"),
      let size = kernel.size(of: "_SUBSECTION")
    else { return nil }
    (self.controlArea, self.subsectionBase) = (controlArea, subsectionBase)
    (self.nextSubsection, self.ptesInSubsection) = (nextSubsection, ptesInSubsection)
    (self.flags, self.startingSector) = (flags, startingSector)
    self.numberOfFullSectors = numberOfFullSectors
    startingSectorHigh = kernel.member("StartingSector4132", of: "_MMSUBSECTION_FLAGS")
    sectorEndOffset = kernel.member("SectorEndOffset", of: "_MMSUBSECTION_FLAGS")
    protection = kernel.member("Protection", of: "_MMSUBSECTION_FLAGS")
    self.size = size
  }
}

/// What the subsections of a section share: `_CONTROL_AREA`.
public struct ControlAreaStructure: Sendable {
  /// The segment.
  public let segment: StructureMember
  /// The flags, `_MMSECTION_FLAGS`.
  public let flags: StructureMember
  /// The file object, with a count in the lowest bits of kernels from Vista on.
  public let filePointer: StructureMember
  /// The flag of an image.
  public let image: StructureMember
  /// The flag of a file.
  public let file: StructureMember
  /// The size of the structure; before Vista the first subsection follows.
  public let size: UInt64

  init?(_ kernel: WindowsKernel) {
    func member(_ name: String) -> StructureMember? { kernel.member(name, of: "_CONTROL_AREA") }
    guard let segment = member("Segment"), let flags = member("Flags"),
      let filePointer = member("FilePointer"),
      let image = kernel.member("Image", of: "_MMSECTION_FLAGS"),
      let file = kernel.member("File", of: "_MMSECTION_FLAGS"),
      let size = kernel.size(of: "_CONTROL_AREA")
    else { return nil }
    (self.segment, self.flags, self.filePointer) = (segment, flags, filePointer)
    (self.image, self.file, self.size) = (image, file, size)
  }
}
