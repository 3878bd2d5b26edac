import ScenarioFile

/// Draws from the numbers of one exercise.
///
/// The rules that turn numbers into choices are written out here, so that no change of a library
/// changes an exercise.
struct Draw {
  private var numbers: SplitMix64

  init(seed: UInt64, exercise: UInt64) {
    numbers = SplitMix64(seed: SplitMix64.number(exercise, seed: seed))
  }

  /// A number of a range.
  mutating func number(_ range: Range<UInt64>) -> UInt64 {
    range.lowerBound + numbers.next(below: range.upperBound - range.lowerBound)
  }

  /// Whether something happens that happens `times` times in `count`.
  mutating func chance(_ times: UInt64, in count: UInt64) -> Bool {
    numbers.next(below: count) < times
  }

  /// One of several; the array is not empty.
  mutating func one<Element>(of elements: [Element]) -> Element {
    elements[Int(numbers.next(below: UInt64(elements.count)))]
  }

  /// `count` different numbers of a range that has as many.
  mutating func different(_ count: Int, _ range: Range<UInt64>) -> [UInt64] {
    var drawn: [UInt64] = []
    while drawn.count < count {
      let number = number(range)
      if !drawn.contains(number) { drawn.append(number) }
    }
    return drawn
  }
}
