/// A field of a header: where it is, and how many bytes it has.
struct HeaderPlace {
  let offset: UInt64
  let size: Int

  init(_ offset: UInt64, _ size: Int) { (self.offset, self.size) = (offset, size) }
}

/// The headers of a PE32+ file ("PE Format", Microsoft).
enum PEHeader {
  static let mz: UInt64 = 0x5a4d
  static let signature: UInt64 = 0x4550
  static let amd64: UInt64 = 0x8664
  static let pe32Plus: UInt64 = 0x20b
  /// An executable image that knows addresses above 2 GiB.
  static let characteristics: UInt64 = 0x22
  static let nativeSubsystem: UInt64 = 1
  static let directoryCount: UInt64 = 16

  static let magic = HeaderPlace(0, 2)
  static let newHeader = HeaderPlace(0x3c, 4)
  /// Where the new header is: behind that of DOS.
  static let start: UInt64 = 0x80
  /// From the start of the new header.
  static let newSignature = HeaderPlace(0, 4)
  static let machine = HeaderPlace(4, 2)
  static let numberOfSections = HeaderPlace(6, 2)
  static let sizeOfOptionalHeader = HeaderPlace(20, 2)
  static let fileCharacteristics = HeaderPlace(22, 2)
  static let optional: UInt64 = 24
  static let optionalSize: UInt64 = 240
  /// From the start of the optional header.
  static let optionalMagic = HeaderPlace(0, 2)
  static let entryPoint = HeaderPlace(16, 4)
  static let imageBase = HeaderPlace(24, 8)
  static let sectionAlignment = HeaderPlace(32, 4)
  static let fileAlignment = HeaderPlace(36, 4)
  static let sizeOfImage = HeaderPlace(56, 4)
  static let sizeOfHeaders = HeaderPlace(60, 4)
  static let subsystem = HeaderPlace(68, 2)
  static let numberOfDirectories = HeaderPlace(108, 4)
  static let exportAddress = HeaderPlace(112, 4)
  static let exportSize = HeaderPlace(116, 4)
  static let debugAddress = HeaderPlace(160, 4)
  static let debugSize = HeaderPlace(164, 4)
}

/// The header of a section.
enum PESection {
  static let size: UInt64 = 40
  static let nameSize = 8
  static let virtualSize = HeaderPlace(8, 4)
  static let virtualAddress = HeaderPlace(12, 4)
  static let sizeOfRawData = HeaderPlace(16, 4)
  static let pointerToRawData = HeaderPlace(20, 4)
  static let characteristics = HeaderPlace(36, 4)
  static let code: UInt64 = 0x20
  static let data: UInt64 = 0x40
  static let execute: UInt64 = 0x2000_0000
  static let read: UInt64 = 0x4000_0000
  static let write: UInt64 = 0x8000_0000
}

/// The export directory.
enum PEExports {
  static let size: UInt64 = 40
  static let name = HeaderPlace(12, 4)
  static let base = HeaderPlace(16, 4)
  static let numberOfFunctions = HeaderPlace(20, 4)
  static let numberOfNames = HeaderPlace(24, 4)
  static let functions = HeaderPlace(28, 4)
  static let names = HeaderPlace(32, 4)
  static let ordinals = HeaderPlace(36, 4)
}

/// An entry of the debug directory, and the record that names the file of symbols.
enum PEDebug {
  static let size: UInt64 = 28
  static let type = HeaderPlace(12, 4)
  static let sizeOfData = HeaderPlace(16, 4)
  static let address = HeaderPlace(20, 4)
  static let pointer = HeaderPlace(24, 4)
  static let codeView: UInt64 = 2
  static let codeViewSignature = "RSDS"
  /// From the start of the record: what follows the signature.
  static let identity: UInt64 = 4
  static let age = HeaderPlace(20, 4)
  static let fileName: UInt64 = 24
}

/// What a processor that starts finds below 1 MiB (`PROCESSOR_START_BLOCK`), as far as readers of
/// memory know it: they look for it to learn CR3.
enum ProcessorStartBlock {
  /// The first bytes: a jump, and marks of a block that is complete.
  static let jump = HeaderPlace(0, 8)
  static let jumpValue: UInt64 = 0x1_0006_00e9
  /// An address within the kernel's image.
  static let target = HeaderPlace(0x70, 8)
  static let cr3 = HeaderPlace(0xa0, 8)
  /// The frames in which it may be: below the hole at 640 KiB, and not the first.
  static let frames: ClosedRange<UInt64> = 1...0x9f
}
