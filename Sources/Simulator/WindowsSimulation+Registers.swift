import Paging
import ScenarioFile
import WindowsMemory

/// The registers of arm64, as far as a scenario leaves them to Windows.
extension WindowsSimulation {
  /// The paging state that a timeline begins with; its root comes later.
  static func registers(_ paging: PagingState) throws(StepFailure) -> PagingState {
    guard paging.isARM64 else { return paging }
    guard paging.arm64.upperTableOffset != nil else {
      throw .mistake(
        .notForSystem, "Windows has its tables otherwise than TCR_EL1 and TTBR1_EL1 say",
        notes: [
          "pages have 4 KiB, each half has 47 address bits (T0SZ and T1SZ are 17), and the top table of"
            + " the upper half is the second half of the page with that of the lower one"
        ])
    }
    var state = paging
    state.takeMemoryTypesOfWindows()
    return state
  }
}
