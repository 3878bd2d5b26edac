import BitLayout

/// The two bits of PKRU and PKRS that belong to a key (SDM 3A, 4.6.2).
extension ProtectionKeyRights {
  /// ADi in place: refuses data accesses to pages of the key.
  public static func accessDisable(ofKey key: UInt64) -> UInt64 {
    accessDisable.mask << (key * 2)
  }

  /// WDi in place: refuses writes to pages of the key.
  public static func writeDisable(ofKey key: UInt64) -> UInt64 {
    writeDisable.mask << (key * 2)
  }
}
