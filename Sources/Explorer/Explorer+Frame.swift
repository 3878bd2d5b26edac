import BitLayout
import Machine
import Paging
import PhysicalMemory
import Report

/// What a page has around the answer, and pages that are nothing else.
extension Explorer {
  /// A page that says what is wrong, with what was asked still in its form; nothing is worked out for it.
  func problem(
    _ problem: Exploration.Problem, _ query: [(name: String, value: String)],
    _ exploration: Exploration, status: Int
  ) -> Page {
    var page = ExplorePage(title: title, original: machine, machine: machine)
    page.problems = [ExplorePage.Problem(problem)]
    page.form = form(exploration)
    page.content = .refusal
    page.resetTarget = exploration.isChanged ? exploration.reset.url() : nil
    page.mapTarget = exploration.url("/map")
    func typed(_ parameter: Parameter) -> String? {
      query.first { $0.name == parameter.rawValue }?.value
    }
    page.form.address = typed(.pointer) ?? page.form.address
    page.form.physicalAddress = typed(.physicalAddress) ?? page.form.physicalAddress
    return Page(status: status, bytes: page.bytes)
  }

  /// A page of changes that cannot all be made: what would be asked of another machine is not answered.
  func refused(_ page: ExplorePage) -> Page {
    var page = page
    page.content = .refusal
    return Page(status: 400, bytes: page.bytes)
  }

  /// The page without what is asked: the form, the registers, the changes.
  func frame(_ exploration: Exploration, _ changed: ChangedMachine) -> ExplorePage {
    var page = ExplorePage(title: title, original: changed.original, machine: changed.machine)
    page.problems = changed.problems.map(ExplorePage.Problem.init)
    page.form = form(exploration)
    let (before, now) = (changed.original.paging, changed.machine.paging)
    page.registers = RegisterBit.all(of: now.mode).map { bit in
      ExplorePage.Switch(
        name: bit.name, meaning: String(describing: bit.field.meaning),
        isSet: bit.isSet(in: now), isChanged: bit.isSet(in: before) != bit.isSet(in: now),
        target: exploration.switching(bit.name).url(), refusal: changed.refusal(of: bit))
    }
    page.changes = changes(exploration, changed)
    page.resetTarget = exploration.isChanged ? exploration.reset.url() : nil
    page.mapTarget = exploration.url("/map")
    page.saveTarget = exploration.pointer == nil ? nil : exploration.url("/save")
    page.moment = moment(exploration)
    page.links.address = { exploration.looking(at: $0.rawValue).url() }
    page.links.owners = {
      exploration.url("/owners", extra: [(Parameter.physicalAddress.rawValue, $0.rawValue.hex)])
    }
    page.links.map = {
      let range = "\($0.lowerBound.hex)..\($0.upperBound.hex)"
      return exploration.url("/map", extra: [(Parameter.range.rawValue, range)])
    }
    page.links.flip = { place, bit in
      exploration.flipping(.init(address: place.rawValue, bit: bit)).url()
    }
    return page
  }

  /// The moment of a timeline, and those beside it.
  private func moment(_ exploration: Exploration) -> ExploreMoment? {
    guard let steps = moments?.steps else { return nil }
    let number = exploration.step ?? steps.count
    guard steps.indices.contains(number - 1) else { return nil }
    func target(_ step: Int) -> String? {
      steps.indices.contains(step - 1) ? exploration.moving(to: step).url() : nil
    }
    return ExploreMoment(
      step: steps[number - 1], count: steps.count, previous: target(number - 1),
      next: target(number + 1))
  }

  private func form(_ exploration: Exploration) -> ExplorePage.Form {
    ExplorePage.Form(
      address: exploration.pointer?.hex ?? "",
      physicalAddress: exploration.physicalAddress?.hex ?? "", access: exploration.kind,
      privilege: exploration.privilege, root: exploration.root, kept: exploration.kept)
  }

  private func changes(
    _ exploration: Exploration, _ changed: ChangedMachine
  ) -> [ExplorePage.Change] {
    changed.switched.sorted().map {
      ExplorePage.Change(text: $0, target: exploration.switching($0).url())
    }
      + changed.flipped.sorted().map {
        ExplorePage.Change(
          text: "bit \($0.bit) of the word at \($0.address.hex)",
          target: exploration.flipping($0).url())
      }
  }
}
