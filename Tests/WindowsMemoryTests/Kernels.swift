import Paging
import WindowsMemory

/// Readings and kernels as the tests write them.
extension PTEReading {
  /// The facts in one line: `page-file protection 4 file 2 page 0x1bbeda`.
  var line: String {
    var words = [state.rawValue]
    if let protection { words.append("protection \(protection.rawValue)") }
    if let protection, protection.modifier != .none { words.append(protection.modifier.rawValue) }
    let numbers: [(String, UInt64?)] = [
      ("pfn", pfn), ("file", pageFile), ("page", pageFileOffset), ("at", prototypeAddress),
      ("offset", prototypeOffset), ("at", subsectionAddress), ("offset", subsectionOffset),
    ]
    for (name, number) in numbers {
      if let number { words.append("\(name) 0x\(String(number, radix: 16))") }
    }
    return words.joined(separator: " ")
  }
}

extension WindowsKernel {
  init(_ name: String, _ mode: PagingMode = .x86_64) throws {
    try self.init(named: name, mode: mode)
  }
}

extension InvalidPTEMask {
  /// The commonest mask: that of processors with 46 physical address bits.
  static let bit45 = InvalidPTEMask(rawValue: 0x2000_0000_0000)
}

extension PTEDecoder {
  func line(_ entry: UInt64, level: Int = 1, table: PTETable = .process) -> String {
    reading(of: entry, level: level, table: table).line
  }
}
