public import PhysicalMemory

/// An access and the address that it is made to.
@frozen public struct AccessQuestion: Hashable, Sendable {
  /// The address as the program has it, tags included.
  public var pointer: VirtualAddress
  /// The access.
  public var access: Access

  /// Asks about an access to `pointer`.
  @inlinable
  public init(_ pointer: VirtualAddress, _ access: Access) {
    self.pointer = pointer
    self.access = access
  }
}

/// Receives the results of many accesses, in the order of the questions.
public protocol AccessSink {
  /// An access has been decided.
  mutating func receive(_ result: AccessResult, for question: AccessQuestion)
}

/// Many accesses, decided by one walker and one set of rules.
@frozen @usableFromInline
struct AccessBatch<Sink: AccessSink>: WalkerOperation {
  @usableFromInline let questions: [AccessQuestion]
  @usableFromInline let rules: AccessRules
  @usableFromInline var sink: Sink

  @inlinable
  init(questions: [AccessQuestion], rules: AccessRules, sink: Sink) {
    self.questions = questions
    self.rules = rules
    self.sink = sink
  }

  @inlinable
  mutating func run(_ walker: some TableWalker) -> Sink {
    for question in questions {
      sink.receive(
        walker.access(question.pointer, question.access, rules: rules), for: question)
    }
    return sink
  }
}

extension PagingState {
  /// Decides many accesses and gives each result to `sink`.
  ///
  /// Format, memory and rules are chosen once for all of them: this is the way where time matters.
  @inlinable
  public func access(
    _ questions: [AccessQuestion], in memory: MemoryImage, into sink: inout some AccessSink
  ) {
    var batch = AccessBatch(questions: questions, rules: AccessRules(self), sink: sink)
    sink = perform(&batch, on: memory)
  }
}
