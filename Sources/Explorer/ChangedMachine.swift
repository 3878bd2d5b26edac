import Machine
import Paging
import PhysicalMemory

/// A machine with what somebody has changed of it on a page.
struct ChangedMachine {
  /// The machine as it was.
  let original: Machine
  /// The machine.
  private(set) var machine: Machine
  /// What could not be changed, in words.
  private(set) var problems: [Exploration.Problem] = []
  /// The bits of registers that are other than they were; not those that could not be inverted.
  private(set) var switched: Set<String> = []
  /// The bits of memory that are other than they were.
  private(set) var flipped: Set<Exploration.Flip> = []

  /// Applies the changes to a machine, which itself stays as it is.
  init(_ machine: Machine, _ exploration: Exploration) {
    original = machine
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
    for name in names.sorted() {
      guard let bit = bits.first(where: { $0.name == name }) else {
        problems.append(
          Parameter.registerBit.problem(
            "no register bit `\(name)`; there are \(bits.map(\.name).joined(separator: ", ")).",
            as: bits.first?.name))
        continue
      }
      if let contradiction = refusal(of: bit) {
        problems.append(
          Exploration.Problem(
            "\(Parameter.registerBit.rawValue): \(name) cannot be inverted: \(contradiction)",
            .registerBit))
      } else {
        bit.flip(in: &machine.paging)
        switched.insert(name)
      }
    }
  }

  /// Why no processor is in the state with a bit the other way round; nil where one can be.
  func refusal(of bit: RegisterBit) -> String? {
    var state = machine.paging
    let known = state.contradictions
    bit.flip(in: &state)
    return state.contradictions.first { !known.contains($0) }
  }

  private mutating func flip(_ flips: Set<Exploration.Flip>) {
    guard !flips.isEmpty else { return }
    var overlay = MemoryOverlay(over: machine.memory)
    var bytes: [UInt64: UInt8] = [:]
    for flip in flips {
      bytes[flip.byteAddress, default: 0] ^= 1 << UInt8(flip.bit % UInt8.bitWidth)
    }
    var lost: Set<UInt64> = []
    for (address, mask) in bytes.sorted(by: { $0.key < $1.key }) {
      let place = PhysicalAddress(address)
      guard let byte = machine.memory.load(UInt8.self, at: place) else {
        lost.insert(address)
        problems.append(
          Parameter.memoryBit.problem(
            "the image does not hold \(place): nothing is there to invert."))
        continue
      }
      if overlay.write([byte ^ mask], at: place) != nil {
        lost.insert(address)
        problems.append(
          Exploration.Problem("nothing can be written at \(place)", .memoryBit))
      }
    }
    do throws(SystemError) { machine.memory = try overlay.memory() } catch {
      return problems.append(Exploration.Problem("\(error)", .memoryBit))
    }
    flipped = flips.filter { !lost.contains($0.byteAddress) }
  }
}
