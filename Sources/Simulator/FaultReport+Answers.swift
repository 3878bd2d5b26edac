import Machine
import Paging
import PhysicalMemory

extension FaultReport {
  /// Finds out what becomes of the access that faulted, of every other access to the same address at
  /// the same moment, and of this one with another entry there.
  ///
  /// - Parameters:
  ///   - state: the paging state of the process.
  ///   - memory: the memory as it is; entries are tried in it, and it is as it was afterwards.
  ///   - system: the kernel, which tells entries apart.
  ///   - verdict: what the kernel makes of an access.
  mutating func ask(
    _ state: PagingState, in memory: SimulatedMemory, of system: OperatingSystem,
    verdict: (Access, AccessResult) -> SystemVerdict
  ) {
    let address = address
    func answer(_ access: Access) -> AccessAnswer {
      let (end, steps) = state.walk(address, in: memory.image)
      let walk = Walk(
        address: address, mode: state.mode, root: state.root, result: end, steps: steps,
        isInImage: true)
      let result = state.access(address, access, in: memory.image)
      return AccessAnswer(
        pointer: address, access: access, walk: walk, state: state, result: result,
        verdict: verdict(access, result))
    }
    let others = [Access.Privilege.user, .supervisor].flatMap { privilege in
      [Access.Kind.read, .write, .execute].map { Access($0, as: privilege) }
    }
    let own = answer(access)
    answers = [own] + others.filter { $0 != access }.map(answer)
    let alternatives = system.alternativeEntries(to: own)
    // Of an entry outside of memory there are none.
    guard !alternatives.isEmpty, let place = own.walk.steps.last?.entryAddress.rawValue else {
      return
    }
    let entry = memory.entry(at: place)
    supposed = alternatives.map { condition, other in
      memory.store(entry: other, at: place)
      return SupposedAnswer(condition: condition, answer: answer(access))
    }
    memory.store(entry: entry, at: place)
  }
}
