import Machine
import Paging
import PhysicalMemory
import ReverseMap

/// Lists who maps a physical address.
struct OwnersSection {
  let address: PhysicalAddress
  let list: [(ReverseMapping, target: String)]
  let isWhole: Bool
  let machine: Machine

  /// Writes the section.
  func write(to out: inout HTMLBuffer) {
    out.element("section", ["aria-labelledby": "owners-title"]) { out in
      out.element("h2", ["id": "owners-title"], text: "Who maps \(address)")
      guard !list.isEmpty else {
        return out.verdict("no page table that is known leads there", .yellow)
      }
      let columns = ["virtual address", "size", "rights", "owner", "state"]
      out.table("owners", columns: columns) { out in
        for (mapping, target) in list { write(mapping, target, &out) }
      }
      if !isWhole { out.verdict("there are more: mmubench reverse lists them", .yellow) }
    }
  }

  private func write(_ mapping: ReverseMapping, _ target: String, _ out: inout HTMLBuffer) {
    let space = machine.addressSpaces[mapping.space]
    let digits = machine.paging.mode.addressDigits
    let owner =
      mapping.sharers > 1 ? "all that share it: \(mapping.sharers) roots" : name(of: space)
    out.element("tr") { out in
      out.element("td") { out in
        out.element("a", ["href": target]) { $0.code(mapping.address.rawValue.hex(digits: digits)) }
      }
      out.element("td", ["class": "number"], text: Wording.pageSize(mapping.pageShift))
      out.element("td") { $0.rights(mapping.rights) }
      out.element("td", text: owner)
      out.element("td", text: mapping.state?.rawValue ?? "")
    }
  }

  /// The owner, and of several roots of his which one: with page-table isolation a process has two.
  private func name(of space: AddressSpace) -> String {
    guard let owner = space.owner else { return "-" }
    guard machine.addressSpaces.count(where: { $0.owner == owner }) > 1 else { return owner }
    return "\(owner), root \(space.register.hex)"
  }
}
