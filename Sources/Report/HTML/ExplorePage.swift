public import Machine
public import Paging
public import PhysicalMemory
public import ReverseMap

/// A page of `explore`: a form to ask with, what can be switched, and the answer.
public struct ExplorePage: Sendable {
  /// What the form shows, and what it keeps.
  public struct Form: Sendable {
    /// The address, as it is known.
    public var address: String
    /// The physical address whose owners are asked for, as it is known.
    public var physicalAddress: String
    /// What is done there; nil for the walk alone.
    public var access: Access.Kind?
    /// Who does it.
    public var privilege: Access.Privilege
    /// The root register that is chosen; nil for the machine's own.
    public var root: UInt64?
    /// Names and values that go along.
    public var kept: [(name: String, value: String)]

    /// Describes a form.
    public init(
      address: String, physicalAddress: String, access: Access.Kind?,
      privilege: Access.Privilege, root: UInt64?, kept: [(name: String, value: String)]
    ) {
      self.address = address
      self.physicalAddress = physicalAddress
      self.access = access
      self.privilege = privilege
      self.root = root
      self.kept = kept
    }
  }

  /// A bit of a register, and the page on which it is the other way round.
  public struct Switch: Sendable {
    /// The name: `CR0.WP`.
    public var name: String
    /// What the bit means.
    public var meaning: String
    /// Whether it is 1.
    public var isSet: Bool
    /// Whether it is other than the machine has it.
    public var isChanged: Bool
    /// The page on which it is the other way round.
    public var target: String
    /// Why it cannot be the other way round; nil where it can.
    public var refusal: String?

    /// Describes a bit.
    public init(
      name: String, meaning: String, isSet: Bool, isChanged: Bool, target: String,
      refusal: String? = nil
    ) {
      self.name = name
      self.meaning = meaning
      self.isSet = isSet
      self.isChanged = isChanged
      self.target = target
      self.refusal = refusal
    }
  }

  /// Something that was changed, and the page without it.
  public struct Change: Sendable {
    /// What was changed.
    public var text: String
    /// The page without it.
    public var target: String

    /// Describes a change.
    public init(text: String, target: String) {
      self.text = text
      self.target = target
    }
  }

  /// Something that could not be done.
  public struct Problem: Sendable {
    /// What, and what would be right.
    public var text: String
    /// What in the address of the page it is about; nil where it is about none of it.
    public var parameter: String?

    /// Describes a problem.
    public init(text: String, parameter: String?) {
      self.text = text
      self.parameter = parameter
    }
  }

  /// What is shown below the form.
  public enum Content: Sendable {
    /// Nothing was asked yet.
    case nothing
    /// Nothing, for what was asked cannot be answered.
    case refusal
    /// The answer to a question.
    case question(MachineQuestion)
    /// The map of the address space.
    case map
    /// Who maps a physical address, each with the page of that address.
    case owners(PhysicalAddress, [(ReverseMapping, target: String)], isWhole: Bool)
  }

  /// The file.
  let title: String
  /// The machine as it was opened.
  let original: Machine
  /// The machine with what was changed.
  let machine: Machine
  /// What could not be done.
  public var problems: [Problem] = []
  /// The form.
  public var form = Form(
    address: "", physicalAddress: "", access: nil, privilege: .user, root: nil, kept: [])
  /// The bits of registers.
  public var registers: [Switch] = []
  /// What was changed.
  public var changes: [Change] = []
  /// The page with nothing changed; nil where nothing is.
  public var resetTarget: String?
  /// The addresses that the map is of; nil for all.
  public var mapRange: ClosedRange<UInt64>?
  /// The page of the map.
  public var mapTarget = "/map"
  /// The scenario of what is shown; nil where nothing is.
  public var saveTarget: String?
  /// What that scenario cannot say, or why there is none.
  public var saveNote: String?
  /// Of a timeline, the moment that is shown.
  public var moment: ExploreMoment?
  /// Where the parts of the page lead.
  public var links = PageLinks()
  /// What is shown below the form.
  public var content = Content.nothing
  /// Whether anybody still wants the page; one that nobody wants has maps that are not whole.
  public var isWanted: @Sendable () -> Bool = { true }

  /// Prepares a page.
  public init(title: String, original: Machine, machine: Machine) {
    self.title = title
    self.original = original
    self.machine = machine
  }

  /// The style sheet.
  public static var style: [UInt8] { PackageResources.page_css }
  /// The script.
  public static var script: [UInt8] { PackageResources.page_js }
  /// What a page may load: the style and the script beside it.
  public static let policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action 'self';"
    + " base-uri 'none'; frame-ancestors 'none'"

  /// The page.
  public var bytes: [UInt8] {
    var html = HTMLBuffer()
    // The script puts an address in the place of VA.
    let template = links.address.map { $0(VirtualAddress(0)) }?.replacing("va=0x0", with: "va=VA")
    HTMLPage(
      title: "\(problems.isEmpty ? subject : "not answered: ")\(title) – mmubench explore",
      isServed: true, addressTemplate: template
    )
    .write(to: &html) { out in
      out.element("header") { writeHeader(to: &$0) }
      out.element("main", ["id": "main"]) { writeContent(to: &$0) }
    }
    return html.out.bytes
  }

  /// What the page is about: the title is what is read out first.
  private var subject: String {
    switch content {
    case .nothing, .refusal: return ""
    case .map: return "address space: "
    case .owners(let address, _, _): return "who maps \(address): "
    case .question(let question):
      let section = QuestionSection(question: question, machine: machine, links: links)
      return "\(section.title): \(section.verdict.first?.0 ?? ""): "
    }
  }

  private func writeHeader(to out: inout HTMLBuffer) {
    out.element("h1", text: title)
    MachineFacts(machine: machine).write(to: &out)
    ExploreForm(page: self, machine: machine).write(to: &out)
    if !problems.isEmpty {
      out.element("div", ["id": ExploreForm.problemsID, "role": "alert", "aria-live": "assertive"])
      {
        out in
        for problem in problems { out.verdict(problem.text, .red) }
      }
    }
    RegisterSwitches(page: self).write(to: &out)
  }

  private func writeContent(to out: inout HTMLBuffer) {
    moment?.write(to: &out)
    switch content {
    case .refusal: return
    case .nothing, .map: writeMaps(to: &out)
    case .owners(let address, let list, let isWhole):
      OwnersSection(address: address, list: list, isWhole: isWhole, machine: machine).write(
        to: &out)
    case .question(let question): write(question, to: &out)
    }
  }

  /// The map of the address space; of a moment, those of all processes.
  private func writeMaps(to out: inout HTMLBuffer) {
    let isMoment = moment != nil && form.root == nil && !machine.addressSpaces.isEmpty
    let spaces = isMoment ? machine.addressSpaces.map(Optional.some) : [machine.currentSpace]
    for (number, space) in spaces.enumerated() {
      var map = MapSection(machine: machine, space: space, links: links)
      map.moment = moment?.sentence
      map.isWanted = isWanted
      if let mapRange { map.range = mapRange }
      map.id = number == 0 ? "map" : "map\(number + 1)"
      map.write(to: &out)
    }
  }

  private func write(_ question: MachineQuestion, to out: inout HTMLBuffer) {
    // For those who go from heading to heading: the question's own is below one in a report.
    out.element("h2", ["class": "unseen"], text: "The answer")
    let section = QuestionSection(question: question, machine: machine, links: links)
    if !changes.isEmpty {
      let before = QuestionSection(question: question, machine: original, links: links).verdict
      let now = section.verdict
      out.element("section", ["class": "verdicts", "aria-label": "what the changes do"]) { out in
        for (name, verdict) in [("As the machine is", before), ("As you changed it", now)] {
          out.element("div", ["class": "card"]) { out in
            out.element("h3", text: name)
            for (text, style) in verdict { out.verdict(text, style) }
          }
        }
      }
    }
    section.write(id: "q1", to: &out)
    if let saveNote {
      let start = saveTarget == nil ? "There is no scenario of it" : "The scenario does not say all"
      out.element("p", text: "\(start): \(saveNote).")
    }
    if let saveTarget {
      out.element("p") { out in
        out.element(
          "a", ["href": saveTarget, "class": "button", "download": ""], text: "Save as a scenario")
      }
      out.element("p", ["class": "source"]) { out in
        out.text("Of the file, ")
        out.code("mmubench report FILE")
        out.text(" makes a page, and ")
        out.code("mmubench run --update FILE")
        out.text(
          " records the golden that later runs compare with. A scenario is in the file of its own"
            + " name: one that the browser has called otherwise, as a second download, is refused.")
      }
    }
  }
}
