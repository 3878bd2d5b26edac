import Quiz
import Testing

@Suite struct ToyTests {
  @Test func theAddressIsTheFrameAndTheOffset() throws {
    let quiz = Quiz(.toy(try ToyGeometry("toy:14,15,10")), seed: 3)
    var faults = 0
    for number in 1...100 as ClosedRange<UInt64> {
      let exercise = try quiz.exercise(number)
      guard case .toy(let machine, let address) = exercise.matter else {
        Issue.record("\(number) is about another machine")
        continue
      }
      let entry = machine.entries[Int(address / 1024)]
      if entry < 0x8000_0000 {
        faults += 1
        #expect(exercise.answer.accepts("Fault"))
      } else {
        #expect(exercise.answer.accepts(String((entry - 0x8000_0000) * 1024 + address % 1024)))
        #expect(entry - 0x8000_0000 < 32, "physical memory has 32 frames")
      }
      #expect(address < 1 << 14)
    }
    #expect((10..<50).contains(faults))
  }

  @Test(arguments: [
    "toy:6,7", "toy:6,7,4,1", "toy:six,7,4", "toy:4,7,4", "toy:6,4,4", "toy:33,34,12",
    "toy:20,20,8",
    "toy:6,7,0", "toy:-6,7,4", "toy:99999999999999999999,7,4", "toy:,,",
  ])
  func whatIsNoToyIsRefused(_ text: String) {
    #expect(throws: ToyGeometry.Problem.self) { try ToyGeometry(text) }
  }

  @Test func theSmallestAndTheLargestToysHaveExercises() throws {
    for text in ["toy:2,2,1", "toy:20,32,12", "toy:32,32,24", "toy:32,32,31"] {
      let quiz = Quiz(.toy(try ToyGeometry(text)), seed: 9)
      for number in 1...20 as ClosedRange<UInt64> { _ = try quiz.exercise(number) }
    }
  }
}
