import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Where the processor finds no page and the kernel goes on: through a prototype entry to what it finds
/// there.
extension WalkFigure {
  /// The prototype entry that the kernel reads where the processor's walk ends.
  var prototype: PageSearchStep? {
    guard walk.result.stop?.cause == .notPresent else { return nil }
    return finding?.steps.first { step in
      if case .prototype = step.place { true } else { false }
    }
  }

  /// What the drawing of the kernel's way shows, in words.
  var prototypeWords: String? {
    prototype.map { step in
      "the kernel goes on to the prototype PTE at \(Self.address(of: step)), "
        + "\(step.entry?.hex ?? "not in the image"), and \(kernelEnd.place)"
    }
  }

  private static func address(of step: PageSearchStep) -> String {
    if case .prototype(let address) = step.place { address.description } else { "" }
  }

  /// Draws the entry in its array.
  func drawPrototype(_ step: PageSearchStep, _ figure: inout SVGFigure) {
    heading("prototype PTEs", "at \(Self.address(of: step))", &figure)
    figure.box(x, Self.body, Self.box, Self.slots * Self.row, "table kernel")
    for slot in [0, Self.slots - 1] {
      figure.text("⋮", x + Self.box / 2, Self.body + slot * Self.row + 17, "dots", .middle)
    }
    let y = Self.body + Self.taken * Self.row
    let text = step.entry?.hex(digits: paging.entrySize * 2) ?? "not in the image"
    figure.group(title: "prototype PTE \(text)") { figure in
      figure.box(x, y, Self.box, Self.row, "entry kernel")
      figure.text(
        text, x + Self.box - 6, y + 16, step.entry == nil ? "absent" : "value strong", .end)
    }
    figure.text("the kernel's way", x, Self.body + Self.slots * Self.row + 18, "label")
    if let state = step.reading?.state {
      figure.text(state.rawValue, x, Self.body + Self.slots * Self.row + 32, "label")
    }
    drawKernelArrow(&figure)
  }

  /// Draws an arrow that the kernel follows and the processor does not.
  func drawKernelArrow(_ figure: inout SVGFigure) {
    figure.path(
      "M\(x + Self.box) \(takenMiddle)h\(Self.gap - 3)", "arrow kernel", hasHead: true)
  }

  /// Draws what the kernel finds.
  func drawKernelEnd(_ figure: inout SVGFigure) {
    let end = kernelEnd
    heading(end.name, end.place, &figure)
    let height = Self.slots * Self.row
    figure.box(x, Self.body, Self.box, height, "page kernel")
    if let address = end.address {
      figure.text(address.description, x + 8, Self.body + 20, "value strong")
    }
    figure.text("to the kernel alone;", x, Self.body + height + 18, "label")
    figure.text("the processor has no page", x, Self.body + height + 32, "label")
  }

  private var kernelEnd: (name: String, place: String, address: PhysicalAddress?) {
    switch finding?.content {
    case .memory(let address):
      ("page in memory", "frame \((address.rawValue / frameSize).hex)", address)
    case .pageFile(let number, let page): ("page file \(number)", "page \(page.hex)", nil)
    case .store(_, let key): ("compressed", "key \(key.hex)", nil)
    case .file(_, let offset): ("file", "from byte \(offset.hex) on", nil)
    case .zeros: ("page of zeros", "when it is needed", nil)
    case .nowhere: ("no page", "there is none", nil)
    case .unknown, nil: ("not known", "the image does not tell", nil)
    }
  }
}
