import BitLayout
public import Paging

/// Entries that say one thing each.
extension LinuxKernel {
  /// An entry of the lowest level for every state that one can have and the processor does not use.
  ///
  /// What the entries point at is nowhere in particular.
  public func examples(_ paging: PagingState) -> [(state: String, entry: UInt64)] {
    let types = (0..<UInt64(SwapTypes.count)).map { swapTypes.meaning(of: $0) }
    let forms: [LinuxEntryForm] =
      [.none, .protnone(valid: paging.accessedPage)] + types.map { .elsewhere($0) }
    let decoder = LinuxEntryDecoder(self, paging)
    var examples: [(state: String, entry: UInt64)] = []
    for form in forms {
      guard let series = try? LinuxEntrySeries(form, [], of: self),
        let entry = series.entry(form == .none ? 0 : 1, pageShift: paging.pageShift(1))
      else { continue }
      let state = decoder.reading(of: entry, level: 1).state.rawValue
      if !examples.contains(where: { $0.state == state }) { examples.append((state, entry)) }
    }
    return examples
  }
}

extension PagingState {
  /// A page that has been used, in frame 0, with all rights.
  fileprivate var accessedPage: UInt64 {
    isARM64
      ? ARM64Layouts.valid.mask | ARM64Layouts.type.mask | ARM64Layouts.accessFlag.mask
      : X86Fields.present.mask | X86Fields.writable.mask | X86Fields.user.mask
        | X86Fields.accessed.mask
  }
}
