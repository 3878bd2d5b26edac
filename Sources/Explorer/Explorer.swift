import BitLayout
public import Machine
import Paging
import PhysicalMemory
import Report
import ReverseMap

/// Answers the pages of `explore`: what is asked is computed, nothing else.
///
/// It knows nothing of the network: a path and a query go in, and a page comes out.
public struct Explorer: Sendable {
  /// What a browser gets.
  public struct Page: Sendable {
    /// The status of HTTP.
    public var status = 200
    /// The media type.
    public var type = "text/html; charset=utf-8"
    /// The name of the file that it is saved as; nil for what is shown.
    public var fileName: String?
    /// The bytes.
    public var bytes: [UInt8]
  }

  private let machine: Machine
  private let title: String
  private let owners: OwnerLookup

  /// More owners than this are counted, not shown.
  private static let ownerLimit = 512

  /// Prepares the pages of a machine.
  ///
  /// - Parameters:
  ///   - machine: the machine.
  ///   - title: what the pages call it.
  ///   - path: the file that the index of its owners may be kept for; nil for a scenario.
  public init(_ machine: Machine, title: String, indexedAs path: String?) {
    self.machine = machine
    self.title = title
    owners = OwnerLookup(path)
  }

  /// The page at a path.
  public func page(_ path: String, query: [(name: String, value: String)]) -> Page {
    switch path {
    case "/page.css": return Page(type: "text/css; charset=utf-8", bytes: ExplorePage.style)
    case "/page.js": return Page(type: "text/javascript; charset=utf-8", bytes: ExplorePage.script)
    case "/", "/map", "/owners", "/save": break
    default: return problem("there is no page \(path)", status: 404)
    }
    do throws(Exploration.Problem) {
      let exploration = try Exploration(query: query)
      switch path {
      case "/save": return try saved(exploration)
      case "/owners": return try owners(exploration, query)
      default: return try shown(exploration, isMap: path == "/map")
      }
    } catch {
      return problem(error.description, status: 400)
    }
  }

  private func problem(_ text: String, status: Int) -> Page {
    var page = frame(Exploration(), ChangedMachine(machine, Exploration()))
    page.problems = [text]
    return Page(status: status, bytes: page.bytes)
  }

  private func shown(_ exploration: Exploration, isMap: Bool) throws(Exploration.Problem) -> Page {
    let changed = ChangedMachine(machine, exploration)
    var page = frame(exploration, changed)
    if isMap {
      page.content = .map
    } else if let question = try question(exploration, changed.machine) {
      page.content = .question(question)
    }
    return Page(status: page.problems.isEmpty ? 200 : 400, bytes: page.bytes)
  }

  /// What is asked, as far as it can be asked of the machine.
  private func question(
    _ exploration: Exploration, _ machine: Machine
  ) throws(Exploration.Problem) -> MachineQuestion? {
    guard let pointer = exploration.pointer else { return nil }
    guard pointer <= machine.paging.mode.lastAddress else {
      throw Exploration.Problem(
        description: "\(pointer.hex) is not an address in mode \(machine.paging.mode.rawValue)")
    }
    if let access = exploration.access,
      let contradiction = machine.paging.contradiction(of: access)
    {
      throw Exploration.Problem(description: contradiction)
    }
    return MachineQuestion(
      VirtualAddress(pointer), exploration.access, in: exploration.space(of: machine))
  }

  private func owners(
    _ exploration: Exploration, _ query: [(name: String, value: String)]
  ) throws(Exploration.Problem) -> Page {
    guard let text = query.first(where: { $0.name == "pa" })?.value else {
      throw Exploration.Problem(description: "say the physical address: pa=0x1000")
    }
    let address = PhysicalAddress(try Exploration.number(text))
    let changed = ChangedMachine(machine, exploration)
    var page = frame(exploration, changed)
    let key = exploration.flips.isEmpty ? "" : exploration.url()
    let found = try owners.owners(
      of: address, in: changed.machine, changes: key, limit: Self.ownerLimit)
    let links = found.list.map { mapping in
      var other = exploration.looking(at: mapping.address.rawValue)
      other.root = changed.machine.addressSpaces[mapping.space].register
      return (mapping, other.url())
    }
    page.content = .owners(address, links, isWhole: found.isWhole)
    return Page(status: page.problems.isEmpty ? 200 : 400, bytes: page.bytes)
  }

  private func saved(_ exploration: Exploration) throws(Exploration.Problem) -> Page {
    let changed = ChangedMachine(machine, exploration)
    guard let question = try question(exploration, changed.machine) else {
      throw Exploration.Problem(description: "ask about an address first: what it read is saved")
    }
    let name = exploration.scenarioName
    let scenario = SavedScenario(
      question: question, machine: changed.machine, title: title, name: name)
    guard let text = scenario.text else {
      throw Exploration.Problem(description: "the image does not hold the top table")
    }
    return Page(
      type: "application/yaml; charset=utf-8", fileName: "\(name).yaml",
      bytes: Array(text.utf8))
  }

  /// The page without what is asked: the form, the registers, the changes.
  private func frame(_ exploration: Exploration, _ changed: ChangedMachine) -> ExplorePage {
    var page = ExplorePage(title: title, original: machine, machine: changed.machine)
    page.problems = changed.problems
    page.form = ExplorePage.Form(
      address: exploration.pointer?.hex ?? "", access: exploration.kind,
      privilege: exploration.privilege, root: exploration.root, kept: exploration.changes)
    let (before, now) = (machine.paging, changed.machine.paging)
    page.registers = RegisterBit.all(of: now.mode).map { bit in
      ExplorePage.Switch(
        name: bit.name, meaning: String(describing: bit.field.meaning),
        isSet: bit.isSet(in: now), isChanged: bit.isSet(in: before) != bit.isSet(in: now),
        target: exploration.switching(bit.name).url())
    }
    page.changes = changes(exploration)
    page.resetTarget = exploration.isChanged ? exploration.reset.url() : nil
    page.mapTarget = exploration.url("/map")
    page.saveTarget = exploration.pointer == nil ? nil : exploration.url("/save")
    page.links.address = { exploration.looking(at: $0.rawValue).url() }
    page.links.owners = { exploration.url("/owners", extra: [("pa", $0.rawValue.hex)]) }
    page.links.flip = { place, bit in
      exploration.flipping(.init(address: place.rawValue, bit: bit)).url()
    }
    return page
  }

  private func changes(_ exploration: Exploration) -> [ExplorePage.Change] {
    exploration.switches.sorted().map {
      ExplorePage.Change(text: $0, target: exploration.switching($0).url())
    }
      + exploration.flips.sorted().map {
        ExplorePage.Change(
          text: "bit \($0.bit) of the word at \($0.address.hex)",
          target: exploration.flipping($0).url())
      }
  }
}

extension Exploration {
  /// The address space that is chosen; nil for the machine's own.
  func space(of machine: Machine) -> AddressSpace? {
    root.flatMap { root in machine.addressSpaces.first { $0.register == root } }
  }
}
