import Machine
import Paging
import PhysicalMemory

/// The form that a page of `explore` asks with; it works without scripts.
struct ExploreForm {
  let page: ExplorePage
  let machine: Machine

  /// Writes the form.
  func write(to out: inout HTMLBuffer) {
    out.element(
      "form",
      [
        "class": "ask", "action": "/", "method": "get", "role": "search",
        "aria-label": "a walk or an access",
      ]
    ) { out in
      for (name, value) in page.form.kept {
        out.empty("input", ["type": "hidden", "name": name, "value": value])
      }
      out.element("label") { out in
        out.text("virtual address")
        out.empty(
          "input",
          [
            "name": "va", "value": page.form.address, "placeholder": "0x7ffe0000", "required": "",
            "autocomplete": "off", "spellcheck": "false", "aria-invalid": invalid("va"),
            "aria-describedby": described("va"),
          ])
      }
      write("access", "access", Self.accesses, page.form.access?.rawValue ?? "walk", &out)
      write(
        "by", "as", Access.Privilege.allCases.map { ($0.rawValue, $0.rawValue) },
        page.form.privilege.rawValue, &out)
      if machine.addressSpaces.count > 1 { write("process", "root", spaces, root, &out) }
      out.element("button", ["type": "submit"], text: "walk")
    }
    writeOwnersForm(to: &out)
    out.element("nav", ["aria-label": "pages"]) { out in
      out.element("ul") { out in
        out.element("li") { $0.element("a", ["href": page.mapTarget], text: "address space") }
      }
    }
  }

  /// Where the page says what is wrong with what was asked.
  static let problemsID = "problems"

  private func invalid(_ name: String) -> String? { isWrong(name) ? "true" : nil }
  private func described(_ name: String) -> String? { isWrong(name) ? Self.problemsID : nil }
  private func isWrong(_ name: String) -> Bool { page.problems.contains { $0.parameter == name } }

  private static let accesses =
    [("walk", "the walk alone")] + Access.Kind.allCases.map { ($0.rawValue, $0.rawValue) }

  private var spaces: [(String, String)] {
    let spaces = machine.addressSpaces
    return spaces.map { space in
      let owner = space.owner ?? "root"
      // Where the kernel has a root of its own, a process has two.
      let isOne = spaces.count { $0.owner == space.owner } > 1
      return (
        space.register.hex, "\(owner), \(isOne ? "\(space.foundBy), " : "")\(space.register.hex)"
      )
    }
  }

  private var root: String { (page.form.root ?? machine.paging.cr3).hex }

  private func write(
    _ label: String, _ name: String, _ choices: [(value: String, text: String)], _ current: String,
    _ out: inout HTMLBuffer
  ) {
    out.element("label") { out in
      out.text(label)
      out.element(
        "select",
        ["name": name, "aria-invalid": invalid(name), "aria-describedby": described(name)]
      ) { out in
        for choice in choices {
          out.element(
            "option", ["value": choice.value, "selected": choice.value == current ? "" : nil],
            text: choice.text)
        }
      }
    }
  }

  /// Who maps a physical address.
  private func writeOwnersForm(to out: inout HTMLBuffer) {
    out.element(
      "form",
      [
        "class": "ask", "action": "/owners", "method": "get",
        "aria-label": "who maps a physical address",
      ]
    ) { out in
      for (name, value) in page.form.kept {
        out.empty("input", ["type": "hidden", "name": name, "value": value])
      }
      out.element("label") { out in
        out.text("physical address")
        out.empty(
          "input",
          [
            "name": "pa", "value": page.form.physicalAddress, "placeholder": "0x1000",
            "required": "", "autocomplete": "off", "spellcheck": "false",
            "aria-invalid": invalid("pa"), "aria-describedby": described("pa"),
          ])
      }
      out.element("button", ["type": "submit"], text: "who maps it")
    }
  }
}

/// The bits of registers, each a link to the page on which it is the other way round.
struct RegisterSwitches {
  let page: ExplorePage

  /// Writes the bits, and what has been changed so far.
  func write(to out: inout HTMLBuffer) {
    guard !page.registers.isEmpty else { return }
    out.element("ul", ["class": "bits switches", "aria-label": "bits of registers"]) { out in
      for bit in page.registers {
        let state = bit.isSet ? "set" : "clear"
        out.element(
          "li",
          [
            "class": bit.isChanged ? "\(state) changed" : state,
            "title": bit.meaning + (bit.refusal.map { "; it cannot be inverted: \($0)" } ?? ""),
          ]
        ) { out in
          out.element("span", ["class": "name"], text: bit.name)
          guard bit.refusal == nil else {
            return out.element("span", ["class": "value"], text: bit.isSet ? "1" : "0")
          }
          out.element(
            "a",
            [
              "class": "value", "href": bit.target, "rel": "nofollow",
              "aria-label": "\(bit.name) is \(bit.isSet ? 1 : 0): invert it",
            ], text: bit.isSet ? "1" : "0")
        }
      }
    }
    guard !page.changes.isEmpty else { return }
    out.element("p", ["class": "changes"]) { out in
      out.text("changed: ")
      for change in page.changes {
        out.element(
          "a",
          ["class": "button", "href": change.target, "aria-label": "undo \(change.text)"]
        ) { out in
          out.text("\(change.text) ✕")
        }
        out.text(" ")
      }
      if let reset = page.resetTarget { out.element("a", ["href": reset], text: "undo all") }
    }
  }
}
