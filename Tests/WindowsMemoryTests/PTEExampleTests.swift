import Paging
import Testing
import WindowsMemory

@Suite struct PTEExampleTests {
  /// Every example says what it is said to say.
  @Test(arguments: [WindowsEntryFormat.x86, .pae, .x64])
  func anExampleReadsAsItsState(_ format: WindowsEntryFormat) throws {
    for id in WindowsKernel.identifiers(of: format) {
      let system = WindowsSystem(try WindowsKernel(id, format), from: .init(.given, "a test"))
      var states: Set<String> = []
      for (state, entry) in system.examples {
        states.insert(state)
        let reading = system.decoder.reading(of: entry)
        guard state == "guarded" else {
          #expect(reading.state.rawValue == state, "\(id)")
          continue
        }
        #expect(reading.protection?.modifier == .guardPage, "\(id)")
      }
      let all: Set = ["zero", "demand-zero", "page-file", "transition", "prototype", "guarded"]
      #expect(all.subtracting(states).isEmpty, "\(id): \(states)")
    }
  }
}
