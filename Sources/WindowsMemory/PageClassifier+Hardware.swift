import BitLayout
import Paging

/// The protection that a valid entry has by the processor's bits and the memory manager's.
extension PageClassifier {
  /// The protection of a valid page, read back from the last entry alone.
  ///
  /// What entries above take away is not the memory manager's protection: with kernel address
  /// shadowing, they take execution away from all of user space.
  func hardwareProtection(of entry: UInt64, level: Int) -> MMProtection {
    let rights = search.state.rightsLeft(by: entry, level: level)
    let write = search.decoder.writeRight(of: entry)
    let executes = rights.contains(.execute) || rights.contains(.privilegedExecute)
    return MMProtection(
      allowsWrite: write == .writable || write == .writableWhenDirty,
      isCopyOnWrite: write == .copyOnWrite, allowsExecute: executes,
      modifier: cacheModifier(of: entry))
  }

  /// Which of the cache bits stand for write-combining depends on the PAT (uncertain).
  private func cacheModifier(of entry: UInt64) -> MMProtection.Modifier {
    guard system.kernel.format != .arm64 else { return .none }
    if X86Fields.cacheDisable.isSet(in: entry) { return .nocache }
    return X86Fields.writeThrough.isSet(in: entry) ? .writecombine : .none
  }
}
