import BitLayout
import Paging
import ScenarioFile
import WindowsMemory

/// The registers of arm64, as far as a scenario leaves them to Windows.
extension WindowsSimulation {
  /// The paging state that a timeline begins with; its root comes later.
  static func registers(
    _ paging: PagingState, _ machine: Scenario.Machine
  ) throws(StepFailure) -> PagingState {
    guard paging.isARM64 else { return paging }
    var state = paging
    let isSized = PagingState.fieldsOfWindows.contains { isSaid("tcr", $0, machine) }
    if !isSized { state.sizeHalvesAsWindows() }
    state.takeMemoryTypesOfWindows()
    guard state.hasSizesOfWindows, !isSaid("ttbr1", nil, machine) else {
      throw .mistake(
        .notForSystem, "Windows has its tables otherwise than TCR_EL1 and TTBR1_EL1 say",
        notes: [
          "pages have 4 KiB, each half has 47 address bits (T0SZ and T1SZ are 17), and the top table of"
            + " the upper half is the second half of the page with that of the lower one"
        ])
    }
    state.joinTopTables()
    return state
  }

  /// Whether a scenario says a register, or a field of it.
  private static func isSaid(
    _ name: String, _ field: BitField?, _ machine: Scenario.Machine
  ) -> Bool {
    machine.registers.contains { register in
      guard register.name.value.lowercased() == name else { return false }
      guard let field, case .fields(let settings) = register.setting else { return true }
      return settings.contains {
        $0.name.value.lowercased() == String(describing: field.name).lowercased()
      }
    }
  }
}
