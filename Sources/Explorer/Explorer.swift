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
    public var status: Int
    /// The media type.
    public var type: String
    /// The name of the file that it is saved as; nil for what is shown.
    public var fileName: String?
    /// The bytes.
    public var bytes: [UInt8]

    package init(
      status: Int = 200, type: String = "text/html; charset=utf-8", fileName: String? = nil,
      bytes: [UInt8]
    ) {
      self.status = status
      self.type = type
      self.fileName = fileName
      self.bytes = bytes
    }
  }

  let machine: Machine
  let title: String
  private let owners: OwnerLookup
  private let maps = KeptMap()
  let moments: Moments?

  /// More owners than this are counted, not shown.
  private static let ownerLimit = 512

  /// Prepares the pages of a machine.
  ///
  /// - Parameters:
  ///   - machine: the machine.
  ///   - title: what the pages call it.
  ///   - path: the file that the index of its owners may be kept for; nil for a scenario.
  ///   - moments: the timeline that the machine is the end of; nil where there is none.
  public init(
    _ machine: Machine, title: String, indexedAs path: String?, moments: Moments? = nil
  ) {
    self.machine = machine
    self.moments = moments?.steps.isEmpty == true ? nil : moments
    self.title = title
    owners = OwnerLookup(path)
  }

  /// The page at a path.
  ///
  /// - Parameters:
  ///   - path: the path.
  ///   - query: the names and values after the question mark, decoded.
  ///   - asker: who waits for it. Where nobody does any more, what is long under way is given up.
  /// - Returns: the page.
  public func page(
    _ path: String, query: [(name: String, value: String)], for asker: Asker = Asker()
  ) -> Page {
    guard asker.isWaiting else { return Self.unwanted }
    switch path {
    case "/page.css": return Page(type: "text/css; charset=utf-8", bytes: ExplorePage.style)
    case "/page.js": return Page(type: "text/javascript; charset=utf-8", bytes: ExplorePage.script)
    case "/", "/map", "/owners", "/save": break
    default:
      let text = "there is no page \(path); there are /, /map, /owners and /save"
      return Page(status: 404, type: Self.plain, bytes: Array("\(text)\n".utf8))
    }
    var exploration = Exploration()
    do throws(Exploration.Problem) {
      exploration = try Exploration(query: query)
      guard exploration.range == nil || path == "/map" else {
        throw Parameter.range.problem("a part of the address space is asked of /map.")
      }
      switch path {
      case "/save": return try saved(exploration)
      case "/owners": return try owners(exploration, for: asker)
      default: return try shown(exploration, isMap: path == "/map", for: asker)
      }
    } catch {
      return problem(error, query, exploration, status: 400)
    }
  }

  private static let plain = "text/plain; charset=utf-8"

  /// What nobody sees.
  private static let unwanted = Page(
    status: 503, type: plain,
    bytes: Array("nobody waits for the page\n".utf8))

  private func shown(
    _ exploration: Exploration, isMap: Bool, for asker: Asker
  ) throws(Exploration.Problem) -> Page {
    guard exploration.physicalAddress == nil else {
      throw Parameter.physicalAddress.problem("who maps it is asked of /owners.")
    }
    // Of millions of runs the map takes seconds, and is come back to.
    let map = isMap || exploration.pointer == nil ? KeptMap.Place(exploration, isMap) : nil
    if let map, let page = maps.page(at: map) { return page }
    let changed = ChangedMachine(try self.machine(at: exploration), exploration)
    var page = frame(exploration, changed)
    guard page.problems.isEmpty else { return refused(page) }
    page.isWanted = { asker.isWaiting }
    if isMap {
      page.mapRange = exploration.range
      page.content = .map
    } else if let question = try question(exploration, changed.machine) {
      page.content = .question(question)
      do { page.saveNote = try saved(question, changed.machine, exploration).file().loss } catch {
        (page.saveTarget, page.saveNote) = (nil, error.description)
      }
    }
    let answer = Page(bytes: page.bytes)
    guard asker.isWaiting else { return Self.unwanted }
    if let map { maps.keep(answer, at: map) }
    return answer
  }

  /// The machine at the moment that is asked about.
  private func machine(at exploration: Exploration) throws(Exploration.Problem) -> Machine {
    guard let step = exploration.step else { return machine }
    guard let moments else { throw Parameter.step.problem("this machine has no timeline.") }
    guard (1...moments.steps.count).contains(step) else {
      throw Parameter.step.problem(
        "there is no step \(step); there are 1 to \(moments.steps.count).")
    }
    return step == moments.steps.count ? machine : try moments.machine(after: step)
  }

  /// What is asked, as far as it can be asked of the machine.
  private func question(
    _ exploration: Exploration, _ machine: Machine
  ) throws(Exploration.Problem) -> MachineQuestion? {
    guard let pointer = exploration.pointer else { return nil }
    guard pointer <= machine.paging.mode.lastAddress else {
      throw Parameter.pointer.problem(
        "\(pointer.hex) is not an address in mode \(machine.paging.mode.rawValue), whose last is"
          + " \(machine.paging.mode.lastAddress.hex).", as: "0x1000")
    }
    if let access = exploration.access,
      let contradiction = machine.paging.contradiction(of: access)
    {
      throw Exploration.Problem("\(Parameter.access.rawValue): \(contradiction)", .access)
    }
    return MachineQuestion(
      VirtualAddress(pointer), exploration.access, in: exploration.space(of: machine))
  }

  private func owners(
    _ exploration: Exploration, for asker: Asker
  ) throws(Exploration.Problem) -> Page {
    guard let number = exploration.physicalAddress else {
      throw Parameter.physicalAddress.problem("it is not said.")
    }
    let address = PhysicalAddress(number)
    let changed = ChangedMachine(try self.machine(at: exploration), exploration)
    var page = frame(exploration, changed)
    guard page.problems.isEmpty else { return refused(page) }
    let found: OwnerLookup.Owners
    do throws(ReverseMapError) {
      // A register changes which entries are good as well: with NXE=0, none that has XD.
      found = try owners.owners(
        of: address, in: changed.machine, changes: exploration.changeKey, limit: Self.ownerLimit,
        for: asker)
    } catch .unwanted {
      return Self.unwanted
    } catch {
      throw Exploration.Problem(error.description)
    }
    let links = found.list.map { mapping in
      var other = exploration.looking(at: mapping.address.rawValue)
      other.root = changed.machine.addressSpaces[mapping.space].register
      return (mapping, other.url())
    }
    page.content = .owners(address, links, isWhole: found.isWhole)
    return Page(bytes: page.bytes)
  }

  private func saved(_ exploration: Exploration) throws(Exploration.Problem) -> Page {
    let changed = ChangedMachine(try self.machine(at: exploration), exploration)
    guard let question = try question(exploration, changed.machine) else {
      throw Parameter.pointer.problem(
        "it is not said; what the walk from an address reads is what is saved.")
    }
    let scenario = saved(question, changed.machine, exploration)
    return Page(
      type: "application/yaml; charset=utf-8", fileName: "\(scenario.name).yaml",
      bytes: Array(try scenario.file().text.utf8))
  }

  private func saved(
    _ question: MachineQuestion, _ machine: Machine, _ exploration: Exploration
  ) -> SavedScenario {
    SavedScenario(
      question: question, machine: machine, title: title, name: exploration.scenarioName)
  }
}

extension ExplorePage.Problem {
  init(_ problem: Exploration.Problem) {
    self.init(text: problem.description, parameter: problem.parameter?.rawValue)
  }
}

extension Exploration {
  /// What tells the machine from the one that was opened; empty where nothing does.
  fileprivate var changeKey: String {
    kept.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
  }

  /// The address space that is chosen; nil for the machine's own.
  func space(of machine: Machine) -> AddressSpace? {
    root.flatMap { root in machine.addressSpaces.first { $0.register == root } }
  }
}
