import Machine
import Paging
import PhysicalMemory

/// A machine with what somebody has changed of it on a page.
struct ChangedMachine {
  /// The machine.
  private(set) var machine: Machine
  /// What could not be changed, in words.
  private(set) var problems: [Exploration.Problem] = []

  /// Applies the changes to a machine, which itself stays as it is.
  init(_ machine: Machine, _ exploration: Exploration) {
    self.machine = machine
    if let root = exploration.root { choose(root) }
    setRegisters(exploration.switches)
    flip(exploration.flips)
  }

  /// So many address spaces are named where there is none of a name.
  private static let namedSpaces = 8

  private mutating func choose(_ root: UInt64) {
    guard let space = machine.addressSpaces.first(where: { $0.register == root }) else {
      let known = machine.addressSpaces.prefix(Self.namedSpaces).map { space in
        space.register.hex + (space.owner.map { " (\($0))" } ?? "")
      }
      let rest = machine.addressSpaces.count - known.count
      let more = rest > 0 ? " and \(rest) more" : ""
      return problems.append(
        Parameter.root.problem(
          "no address space has the root register \(root.hex); there are"
            + " \(known.joined(separator: ", "))\(more).",
          as: machine.addressSpaces.first?.register.hex))
    }
    machine.paging = machine.paging(of: space)
  }

  /// Inverts bits of registers, as far as a processor can be in such a state.
  private mutating func setRegisters(_ names: Set<String>) {
    let bits = RegisterBit.all(of: machine.paging.mode)
    let known = machine.paging.contradictions
    for name in names.sorted() {
      guard let bit = bits.first(where: { $0.name == name }) else {
        problems.append(
          Parameter.registerBit.problem(
            "no register bit `\(name)`; there are \(bits.map(\.name).joined(separator: ", ")).",
            as: bits.first?.name))
        continue
      }
      var state = machine.paging
      bit.flip(in: &state)
      if let contradiction = state.contradictions.first(where: { !known.contains($0) }) {
        problems.append(
          Exploration.Problem(
            "\(Parameter.registerBit.rawValue): \(name) cannot be inverted: \(contradiction)",
            .registerBit))
      } else {
        machine.paging = state
      }
    }
  }

  private mutating func flip(_ flips: Set<Exploration.Flip>) {
    guard !flips.isEmpty else { return }
    var overlay = MemoryOverlay(over: machine.memory)
    var bytes: [UInt64: UInt8] = [:]
    for flip in flips {
      let address = flip.address + UInt64(flip.bit / UInt8.bitWidth)
      bytes[address, default: 0] ^= 1 << UInt8(flip.bit % UInt8.bitWidth)
    }
    for (address, mask) in bytes.sorted(by: { $0.key < $1.key }) {
      let place = PhysicalAddress(address)
      guard let byte = machine.memory.load(UInt8.self, at: place) else {
        problems.append(
          Parameter.memoryBit.problem(
            "the image does not hold \(place): nothing is there to invert."))
        continue
      }
      if overlay.write([byte ^ mask], at: place) != nil {
        problems.append(
          Exploration.Problem("nothing can be written at \(place)", .memoryBit))
      }
    }
    do throws(SystemError) { machine.memory = try overlay.memory() } catch {
      problems.append(Exploration.Problem("\(error)", .memoryBit))
    }
  }
}
