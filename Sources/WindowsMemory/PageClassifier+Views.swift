import Paging
public import PhysicalMemory

/// Pages that a process has by a view alone: the section has them in memory, and the process has not
/// touched them yet, or its working set has lost them.
extension PageClassifier {
  /// More steps than all views of real processes together take; descriptors that lie may ask for any
  /// number.
  public static let viewStepLimit = 1 << 27

  /// Gives each page in memory that a view of the process leads to and the process's own entry does not.
  ///
  /// The entry is empty, or there is no table for it: the first fault on such a page asks the descriptor
  /// (VAD), and is soft.
  ///
  /// - Parameters:
  ///   - steps: How many entries were looked at so far; counted on.
  ///   - body: Takes the virtual address and the page in memory.
  /// - Returns: Whether all was seen; false where `viewStepLimit` was reached.
  public func viewPages(
    steps: inout Int, _ body: (VirtualAddress, PhysicalAddress) -> Void
  ) -> Bool {
    guard let subsections, let tree = vadTree() else { return true }
    for vad in tree.vads where !vad.isPrivate && !vad.kind.isMappedUpFront {
      let last = min(vad.endingVpn, search.state.mode.lastAddress / frameSize)
      var vpn = vad.startingVpn
      while vpn <= last {
        guard steps < Self.viewStepLimit else { return false }
        // What cannot be read of one view says nothing about the next.
        guard let stretch = try? subsections.stretch(fromPage: vpn, in: vad) else { break }
        steps += 1 + stretch.passed
        let count = min(stretch.count, last - vpn + 1)
        if case .entry(let first) = stretch.place {
          guard pages(from: vpn, count: count, prototypes: first, steps: &steps, body) else {
            return false
          }
        }
        vpn += count
      }
    }
    return true
  }

  /// The same of pages whose prototype entries follow each other; those in one page of the kernel's
  /// memory are found, or passed over, together.
  private func pages(
    from vpn: UInt64, count: UInt64, prototypes first: VirtualAddress, steps: inout Int,
    _ body: (VirtualAddress, PhysicalAddress) -> Void
  ) -> Bool {
    let entrySize = UInt64(search.state.entrySize)
    var done: UInt64 = 0
    while done < count {
      guard steps < Self.viewStepLimit else { return false }
      steps += 1
      let address = first.advanced(by: done &* entrySize)
      let room = max(1, (frameSize - address.rawValue % frameSize) / entrySize)
      let part = min(room, count - done)
      if let place = try? kernel.location(of: address) {
        steps += Int(part)
        for index in 0..<part {
          guard let entry = kernel.entry(at: place.advanced(by: index &* entrySize)),
            let page = pageInMemory(ofPrototype: entry)
          else { continue }
          let own = VirtualAddress((vpn + done + index) &* frameSize)
          if isLeftToVAD(own) { body(own, page) }
        }
      }
      done += part
    }
    return true
  }

  private func pageInMemory(ofPrototype entry: UInt64) -> PhysicalAddress? {
    guard entry != 0 else { return nil }
    let reading = search.decoder.reading(of: entry, table: .prototype)
    switch reading.state {
    case .valid, .large, .transition:
      return reading.pfn.map { PhysicalAddress($0 &* frameSize) }
    default: return nil
    }
  }

  /// Whether the process's tables leave it to the descriptor where a page is.
  private func isLeftToVAD(_ address: VirtualAddress) -> Bool {
    guard !system.isSystem(address) else { return false }
    var steps: [PageSearchStep] = []
    guard case .invalid(let reading, let level, _) = search.search(address, steps: &steps) else {
      return false
    }
    return reading.state == .zero || level > 1 && reading.state == .demandZero
  }
}
