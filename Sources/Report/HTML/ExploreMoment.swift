public import Simulator

/// Of a timeline, the moment that a page of `explore` shows, with the ways to the moments beside it.
public struct ExploreMoment: Sendable {
  /// The step after which it is.
  public var step: StepReport
  /// The number of steps.
  public var count: Int
  /// The page of the moment before; nil at the first.
  public var previous: String?
  /// The page of the moment after; nil at the last.
  public var next: String?

  /// Describes a moment.
  public init(step: StepReport, count: Int, previous: String?, next: String?) {
    (self.step, self.count, self.previous, self.next) = (step, count, previous, next)
  }

  /// Which moment it is.
  var sentence: String {
    step.number == count
      ? "after the last step, \(count)" : "after step \(step.number) of \(count)"
  }

  func write(to out: inout HTMLBuffer) {
    out.element("section", ["class": "moment", "aria-labelledby": "moment-title"]) { out in
      out.element("h2", ["id": "moment-title"], text: "\(step.number). \(step.title)")
      out.element("p", text: "All that is shown here is \(sentence).")
      if let note = step.note { out.element("p", text: note) }
      for event in step.events { out.element("p", ["class": "event"], text: event) }
      out.element("p") { out in
        if let previous { out.element("a", ["href": previous], text: "the step before") }
        out.text(" ")
        if let next { out.element("a", ["href": next], text: "the next step") }
      }
    }
  }
}
