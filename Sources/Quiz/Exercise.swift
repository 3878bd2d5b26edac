public import Machine
import Paging
public import PhysicalMemory
import ScenarioFile

/// One question, all that is needed to answer it, and the answer.
public struct Exercise: Sendable {
  /// A page table that the question can be answered from.
  public struct Table: Hashable, Sendable {
    /// The level of its entries.
    public let level: Int
    /// Where it starts.
    public let address: PhysicalAddress
    /// Whether the image holds it.
    public let isInImage: Bool
    /// The entries that are not zero.
    public let entries: [Entry]
  }

  /// An entry of a table.
  public struct Entry: Hashable, Sendable {
    /// Its place in the table.
    public let index: Int
    /// The entry.
    public let value: UInt64
  }

  /// A prototype entry of a section.
  public struct Prototype: Hashable, Sendable {
    /// Its virtual address.
    public let address: VirtualAddress
    /// The entry.
    public let value: UInt64
  }

  /// A step of the solution that neither the walk nor the verdict says.
  public struct Remark: Hashable, Sendable {
    /// What it is about: `PFN 0x1234`.
    public let subject: String
    /// The step.
    public let text: String
  }

  /// A processor with its memory.
  public struct Setting: Sendable {
    /// The machine.
    public let machine: Machine
    /// The tables, the top one first.
    public let tables: [Table]
    /// The prototype entries that entries of the tables lead to.
    public let prototypes: [Prototype]
    /// The scenario that builds the machine, as the text of a file.
    public let scenario: String
  }

  /// What the question is about.
  public enum Matter: Sendable {
    /// An address of a toy machine.
    case toy(ToyMachine, UInt64)
    /// An address of a processor.
    case walk(Setting, Walk)
    /// An access of a processor.
    case access(Setting, AccessAnswer)
  }

  /// The number in the quiz, from 1 on.
  public let number: UInt64
  /// What is asked.
  public let kind: ExerciseKind
  /// What the question is about.
  public let matter: Matter
  /// The question.
  public let question: String
  /// What may be answered, where the answers to choose from are given.
  public let choices: [Answer.Choice]
  /// The answer.
  public let answer: Answer
  /// What more there is to the solution.
  public var remarks: [Remark] = []
}

extension Exercise {
  /// The first exercise that asks what is wanted, of those that are drawn one after the other.
  static func first(
    of kind: ExerciseKind?, drawn: () throws(DiagnosticList) -> Exercise
  ) throws(DiagnosticList) -> Exercise {
    while true {
      let exercise = try drawn()
      if kind == nil || exercise.kind == kind { return exercise }
    }
  }
}
