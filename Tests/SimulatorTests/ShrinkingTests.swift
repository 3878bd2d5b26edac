import Testing

/// What fails becomes the least that fails.
@Suite struct ShrinkingTests {
  @Test(arguments: [1, 2, 7, 60])
  func onlyWhatMakesItFailIsLeft(count: Int) {
    let steps = Array(0..<count)
    let needed = Set([0, count / 2, count - 1])
    #expect(Set(shrunk(steps) { needed.isSubset(of: $0) }) == needed)
  }

  @Test func orderIsKept() {
    #expect(shrunk([3, 1, 4, 1, 5, 9, 2, 6]) { $0.contains(4) && $0.contains(9) } == [4, 9])
  }

  /// What fails by any two steps of a kind is left with two of them.
  @Test func anyTwoAreLeft() {
    #expect(shrunk(Array(0..<50)) { $0.count(where: { $0.isMultiple(of: 5) }) >= 2 }.count == 2)
  }

  @Test func whatFailsWithoutAnyStepIsEmpty() {
    #expect(shrunk([1, 2, 3]) { _ in true }.isEmpty)
  }
}
