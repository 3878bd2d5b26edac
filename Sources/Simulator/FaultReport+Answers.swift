import Machine
import Paging
import PhysicalMemory

extension FaultReport {
  /// What becomes of an access that faulted, and then of every other access to the same address at the
  /// same moment.
  ///
  /// - Parameters:
  ///   - address: the address.
  ///   - access: the access that faulted.
  ///   - state: the paging state of the process.
  ///   - memory: the memory as it is.
  ///   - verdict: what the kernel makes of an access.
  /// - Returns: the answers, that of the access that faulted first.
  static func answers(
    at address: UInt64, _ access: Access, _ state: PagingState, in memory: MemoryImage,
    verdict: (Access, AccessResult) -> SystemVerdict
  ) -> [AccessAnswer] {
    let address = VirtualAddress(address)
    let (end, steps) = state.walk(address, in: memory)
    let walk = Walk(
      address: address, mode: state.mode, root: state.root, result: end, steps: steps,
      isInImage: true)
    let others = [Access.Privilege.user, .supervisor].flatMap { privilege in
      [Access.Kind.read, .write, .execute].map { Access($0, as: privilege) }
    }
    return ([access] + others.filter { $0 != access }).map { access in
      let result = state.access(address, access, in: memory)
      return AccessAnswer(
        pointer: address, access: access, walk: walk, state: state, result: result,
        verdict: verdict(access, result))
    }
  }
}
