import BitLayout
public import Paging
public import PhysicalMemory

/// One thing about a question that could be different.
public enum Change: Hashable, Sendable {
  /// A bit of a register has this value.
  case register(Register, field: String, bits: UInt64, isSet: Bool)
  /// Bits of an entry are all inverted; `isSet` says whether they are 1 then. The field is empty
  /// where they are reserved bits.
  case entry(level: Int, address: PhysicalAddress, field: String, bits: UInt64, isSet: Bool)
  /// MAXPHYADDR is another.
  case physicalBits(Int)
  /// TCR_EL1.IPS is another.
  case outputSize(UInt64)
  /// The processor has or lacks a feature.
  case feature(Feature, isPresent: Bool)
  /// A bit of the entries says that a page is encrypted.
  case encryptionBit(Int)
  /// Somebody else makes the access.
  case privilege(Access.Privilege)

  /// A register whose bits a translation depends on.
  public enum Register: String, Sendable, CaseIterable {
    /// CR0.
    case cr0 = "CR0"
    /// CR3.
    case cr3 = "CR3"
    /// CR4.
    case cr4 = "CR4"
    /// The extended-feature-enable register.
    case efer = "EFER"
    /// User protection-key rights.
    case pkru = "PKRU"
    /// Supervisor protection-key rights.
    case pkrs = "PKRS"
    /// RFLAGS, of which only AC matters.
    case rflags = "RFLAGS"
    /// The translation control register of arm64.
    case tcr = "TCR_EL1"
    /// The system control register of arm64.
    case sctlr = "SCTLR_EL1"
    /// The processor state of arm64, of which only PAN matters.
    case pstate = "PSTATE"
  }

  /// What processors, and emulators, differ in.
  public enum Feature: Sendable, CaseIterable {
    /// PSE-36.
    case pse36
    /// 1-GByte pages.
    case page1G
    /// An accessed bit in a PAE PDPTE is harmless.
    case acceptsAccessedPDPTE
  }
}

extension Change.Feature {
  var path: WritableKeyPath<PagingState.Features, Bool> {
    switch self {
    case .pse36: \.pse36
    case .page1G: \.page1G
    case .acceptsAccessedPDPTE: \.acceptsAccessedPDPTE
    }
  }
}

extension Change.Register {
  /// Replaces bits of the register.
  package func set(_ bits: UInt64, to isSet: Bool, in state: inout PagingState) {
    func set(_ value: inout UInt64) { value = isSet ? value | bits : value & ~bits }
    switch self {
    case .cr0: set(&state.cr0)
    case .cr3: set(&state.cr3)
    case .cr4: set(&state.cr4)
    case .efer: set(&state.efer)
    case .pkru: set(&state.pkru)
    case .pkrs: set(&state.pkrs)
    case .rflags: state.alignmentCheck = isSet
    case .tcr: set(&state.tcr)
    case .sctlr: set(&state.sctlr)
    case .pstate: state.pan = isSet ? 1 : 0
    }
  }

  /// Whether any of `bits` is set in the register.
  package func hasSet(_ bits: UInt64, in state: PagingState) -> Bool {
    switch self {
    case .cr0: state.cr0 & bits != 0
    case .cr3: state.cr3 & bits != 0
    case .cr4: state.cr4 & bits != 0
    case .efer: state.efer & bits != 0
    case .pkru: state.pkru & bits != 0
    case .pkrs: state.pkrs & bits != 0
    case .rflags: state.alignmentCheck
    case .tcr: state.tcr & bits != 0
    case .sctlr: state.sctlr & bits != 0
    case .pstate: state.pan != 0
    }
  }

  /// PSTATE.PAN as SPSR_EL1 has it.
  static let privilegedAccessNever = BitField(
    "PAN", 22, .value, "EL1 does not read or write what EL0 may")

  /// The single bits of x86 that are worth a try, with their names.
  var fields: [BitField] {
    let fields = RegisterLayouts.self
    return switch self {
    case .cr0: [fields.writeProtect]
    case .cr3: [fields.userMasking48, fields.userMasking57]
    case .cr4:
      [
        fields.pageSizeExtension, fields.executionPrevention, fields.accessPrevention,
        fields.userKeys, fields.supervisorKeys, fields.supervisorMasking,
      ]
    case .efer: [fields.noExecuteEnable, fields.upperAddressIgnore]
    case .pkru, .pkrs, .tcr, .sctlr, .pstate: []
    case .rflags: [BitField("AC", 18, .value, "lifts SMAP for explicit accesses")]
    }
  }
}
