import BitLayout
import Paging

extension PagingState {
  /// The layout of an entry of this level that maps a page or that leads to a table, or nil where
  /// the mode has no such entry.
  func layout(level: Int, isPage: Bool) -> WordLayout? {
    switch (mode, level, isPage) {
    case (.x86, 1, true): TwoLevelLayouts.pte
    case (.x86, 2, true): TwoLevelLayouts.pde4M
    case (.x86, 2, false): TwoLevelLayouts.pde
    case (.pae, 1, true): PAELayouts.pte
    case (.pae, 2, true): PAELayouts.pde2M
    case (.pae, 2, false): PAELayouts.pde
    case (.pae, 3, false): PAELayouts.pdpte
    case (.x86_64, 1, true), (.la57, 1, true): LongModeLayouts.pte
    case (.x86_64, 2, true), (.la57, 2, true): LongModeLayouts.pde2M
    case (.x86_64, 2, false), (.la57, 2, false): LongModeLayouts.pde
    case (.x86_64, 3, true), (.la57, 3, true): LongModeLayouts.pdpte1G
    case (.x86_64, 3, false), (.la57, 3, false): LongModeLayouts.pdpte
    case (.x86_64, 4, false), (.la57, 4, false): LongModeLayouts.pml4e
    case (.la57, 5, false): LongModeLayouts.pml5e
    default: nil
    }
  }
}
