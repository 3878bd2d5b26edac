public import Machine
public import Simulator
import Synchronization

/// The moments of a timeline: what its steps did, and the machine after each.
public final class Moments: Sendable {
  /// What the steps did, in their order.
  let steps: [StepReport]
  private let machine: @Sendable (_ step: Int) throws -> Machine
  /// The moment that was asked about last.
  private let kept = Mutex<(step: Int, machine: Machine)?>(nil)

  /// Describes a timeline.
  ///
  /// - Parameters:
  ///   - steps: what the steps did.
  ///   - machine: runs the timeline up to a step, and gives the machine.
  public init(
    _ steps: [StepReport], machine: @escaping @Sendable (_ step: Int) throws -> Machine
  ) {
    self.steps = steps
    self.machine = machine
  }

  /// The machine after a step.
  func machine(after step: Int) throws(Exploration.Problem) -> Machine {
    do {
      return try kept.withLock { kept in
        if let kept, kept.step == step { return kept.machine }
        let machine = try machine(step)
        kept = (step, machine)
        return machine
      }
    } catch {
      throw Exploration.Problem("the timeline does not run up to step \(step): \(error)", .step)
    }
  }
}
