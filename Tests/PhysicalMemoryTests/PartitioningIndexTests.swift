import PhysicalMemory
import Testing

@Suite struct PartitioningIndexTests {
  /// Of every size and every bound, in a slice that does not begin at 0.
  @Test func theFirstElementThatFitsIsFoundInFewLooks() {
    for count in 0...40 {
      let odd = (0..<count + 5).map { 2 * $0 + 1 }[5...]
      for bound in 0...100 {
        var looks = 0
        let index = odd.partitioningIndex { number in
          looks += 1
          return number >= bound
        }
        #expect(index == odd.firstIndex { $0 >= bound } ?? odd.endIndex)
        #expect(1 << looks <= 2 * (count + 1))
      }
    }
  }

  @Test func whatTheQuestionThrowsIsThrown() {
    struct Unreadable: Error {}
    #expect(throws: Unreadable.self) {
      try (0..<3).partitioningIndex { _ throws(Unreadable) in throw Unreadable() }
    }
  }
}
