import Paging
import PhysicalMemory
import ScenarioFile

/// The frames of a mapping, checked against the entry and the processor.
extension MappingPlanner {
  /// The frames of the pages, or nil where the destination is wrong; automatic ones are chosen later.
  func frames(
    _ to: Located<Scenario.Destination>, start: UInt64, spacing: UInt64, count: UInt64, level: Int
  ) -> FrameSequence? {
    let size: UInt64 = 1 << state.pageShift(level)
    let mark = to.mark
    switch to.value {
    case .automatic: return .constant(0)
    case .frame(let address):
      return check(address, level, mark) ? .constant(address) : nil
    case .identity:
      let last = start + (count - 1) * spacing
      return check(last, level, mark) ? .linear(from: start, stride: spacing) : nil
    case .consecutive(let from, let stride):
      let stride = stride ?? size
      guard stride > 0, stride % size == 0 else {
        collector.report(
          .misaligned,
          "`stride` must be a multiple of the page size, \(size.asSize), found "
            + stride.asSize, at: mark)
        return nil
      }
      return check(from, level, mark) && check(from, count, stride, level, mark)
        ? .linear(from: from, stride: stride) : nil
    case .shuffled(let from, let seed):
      return check(from, level, mark) && check(from, count, size, level, mark)
        ? .permuted(from: from, size: size, Permutation(count: count, seed: seed)) : nil
    case .random(let range, let seed):
      guard check(range.lowerBound, level, mark) else { return nil }
      guard range.upperBound % size == size - 1 else {
        collector.report(
          .misaligned, "the range does not consist of whole pages of \(size.asSize)", at: mark)
        return nil
      }
      let choices = (range.upperBound - range.lowerBound) / size + 1
      return check(range.lowerBound, choices, size, level, mark)
        ? .random(from: range.lowerBound, size: size, count: choices, seed: seed) : nil
    }
  }

  /// Whether the last of `count` frames is still an address.
  private func check(
    _ from: UInt64, _ count: UInt64, _ stride: UInt64, _ level: Int, _ mark: SourceMark
  ) -> Bool {
    let (distance, overflow) = (count - 1).multipliedReportingOverflow(by: stride)
    let (last, carry) = from.addingReportingOverflow(distance)
    guard overflow || carry else { return check(last, level, mark) }
    collector.report(
      .outsideMemory, "\(count) frames from \(from.hex) on pass the end of all addresses", at: mark)
    return false
  }

  /// Whether a frame is aligned and fits the entry.
  private func check(_ address: UInt64, _ level: Int, _ mark: SourceMark) -> Bool {
    let size: UInt64 = 1 << state.pageShift(level)
    let bits = state.addressBits(level: level, isPage: true)
    if address >> UInt64(state.physicalBits) != 0 {
      collector.report(
        .outsideMemory, "\(address.hex) has more than \(state.physicalBits) bits", at: mark,
        notes: ["`physical-bits`, MAXPHYADDR, is \(state.physicalBits)"])
    } else if address >> UInt64(bits) != 0 {
      collector.report(
        .doesNotFit,
        "\(address.hex) does not fit the \(state.mode.entryName(level)), which has "
          + "\(bits) address bits", at: mark)
    } else if address % size != 0 {
      collector.report(
        .misaligned, "\(address.hex) is not aligned to the page size, \(size.asSize)", at: mark)
    } else {
      return true
    }
    return false
  }
}
