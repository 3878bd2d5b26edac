import BitLayout
import PhysicalMemory

/// Makes exercises on toy machines.
struct ToyExercise {
  private let geometry: ToyGeometry

  init(_ geometry: ToyGeometry) { self.geometry = geometry }

  func exercise(_ number: UInt64, _ draw: inout Draw) -> Exercise {
    let machine = ToyMachine(geometry: geometry, entries: entries(&draw))
    let address = address(machine, &draw)
    let answer = machine.translate(address).map { Answer.number($0) } ?? .word("fault")
    return Exercise(
      number: number, kind: .translate, matter: .toy(machine, address),
      question: "Where does the virtual address \(address.hex) lie in physical"
        + " memory? (an address, or `fault`)",
      choices: [], answer: answer)
  }

  /// A table of which about half the pages are mapped, one of them for certain.
  private func entries(_ draw: inout Draw) -> [UInt64] {
    let certain = draw.number(0..<geometry.pageCount)
    return (0..<geometry.pageCount).map { page in
      guard draw.chance(1, in: 2) || page == certain else { return 0 }
      let frame = draw.number(
        0..<min(geometry.frameCount, 1 << UInt64(ToyMachine.Layout.frame.width)))
      return ToyMachine.Layout.valid.mask | frame
    }
  }

  /// An address; of a mapped page three times in four.
  private func address(_ machine: ToyMachine, _ draw: inout Draw) -> UInt64 {
    let wantsPage = draw.chance(3, in: 4)
    let pages = (0..<geometry.pageCount).filter {
      ToyMachine.Layout.valid.isSet(in: machine.entries[Int($0)]) == wantsPage
    }
    let page = pages.isEmpty ? draw.number(0..<geometry.pageCount) : draw.one(of: pages)
    return page << geometry.pageBits | draw.number(0..<(1 << geometry.pageBits))
  }
}
