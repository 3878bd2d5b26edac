import BitLayout

/// Descriptors as the builder makes them.
extension ARM64Layouts {
  /// Bits 1:0: a table or an L3 page 0b11, a block 0b01.
  static func kindBits(level: Int, isPage: Bool) -> UInt64 {
    valid.mask | (isPage && level > 1 ? 0 : type.mask)
  }

  /// The bits that grant exactly these rights.
  ///
  /// A page is executed by those it is for, as operating systems have it: a user page by EL0 and
  /// never by EL1, another page by EL1 and never by EL0. It has been accessed, so that AF is 1. A
  /// table takes away for all pages below what is not granted.
  static func bits(granting rights: Rights, isPage: Bool) -> UInt64 {
    let isUser = rights.contains(.user)
    let isExecutable = rights.contains(.execute)
    var bits: UInt64 = 0
    if isPage {
      bits |= accessFlag.mask
      if !rights.contains(.write) { bits |= accessReadOnly }
      if isUser { bits |= accessUser }
      if isUser || !isExecutable { bits |= privilegedExecuteNever.mask }
      if !isUser || !isExecutable { bits |= userExecuteNever.mask }
    } else {
      if !rights.contains(.write) { bits |= accessTableReadOnly }
      if !isUser { bits |= accessTableNoUser }
      if !isExecutable { bits |= userExecuteNeverTable.mask | privilegedExecuteNeverTable.mask }
    }
    return bits
  }
}
