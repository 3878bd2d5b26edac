import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile

/// Registers by name, and their fields.
extension MachineSettings {
  typealias RegisterPath = any WritableKeyPath<PagingState, UInt64> & Sendable

  private typealias Register = (name: String, path: RegisterPath, bits: UInt64)

  /// Where the state keeps a register.
  static func register(named name: String, in mode: PagingMode) -> RegisterPath? {
    registers(of: mode).first { $0.name == name }?.path
  }

  private static func registers(of mode: PagingMode) -> [Register] {
    mode == .arm64 ? registersOfARM64 : registersOfX86
  }

  private static let registersOfX86: [Register] = [
    ("cr0", \.cr0, 64), ("cr4", \.cr4, 64), ("efer", \.efer, 64), ("pkru", \.pkru, 32),
    ("pkrs", \.pkrs, 32), ("pat", \.pat, 64),
  ]
  private static let registersOfARM64: [Register] = [
    ("ttbr1", \.ttbr1, 64), ("tcr", \.tcr, 64), ("sctlr", \.sctlr, 64), ("pan", \.pan, 1),
    ("mair", \.mair, 64),
  ]

  private static func fields(of name: String) -> [BitField] {
    switch name {
    case "cr0": RegisterLayouts.cr0
    case "cr4": RegisterLayouts.cr4
    case "efer": RegisterLayouts.efer
    case "ttbr1": ARM64RegisterLayouts.ttbr.fields
    case "tcr": ARM64RegisterLayouts.tcr.fields
    case "sctlr": ARM64RegisterLayouts.sctlr
    default: []
    }
  }

  /// Sets a register as a whole, or fields of it over what it holds.
  static func apply(
    _ register: Scenario.Register, to state: inout PagingState, _ collector: DiagnosticCollector
  ) {
    let name = register.name.value.lowercased()
    let registers = registers(of: state.mode)
    guard let (_, path, bits) = registers.first(where: { $0.name == name }) else {
      let what = state.isARM64 ? "register of arm64" : "register"
      collector.report(
        Diagnostic(
          .unknownRegister, unknown: what, register.name, choices: registers.map(\.name)))
      return
    }
    switch register.setting {
    case .value(let value):
      if value.value.leadingZeroBitCount < 64 - bits {
        collector.report(
          .doesNotFit, "\(value.value.hex) does not fit \(name), which has \(bits) bits",
          at: value.mark)
      } else {
        state[keyPath: path] = value.value
      }
    case .fields(let settings):
      for setting in settings {
        state[keyPath: path] = apply(setting, of: name, to: state[keyPath: path], collector)
      }
    }
  }

  private static func apply(
    _ setting: Scenario.FieldSetting, of register: String, to word: UInt64,
    _ collector: DiagnosticCollector
  ) -> UInt64 {
    let fields = fields(of: register)
    let wanted = setting.name.value.lowercased()
    guard let field = fields.first(where: { String(describing: $0.name).lowercased() == wanted })
    else {
      let choices = fields.map { String(describing: $0.name) }
      var unknown = Diagnostic(
        .unknownField, unknown: "field of \(register)", setting.name, choices: choices)
      if fields.isEmpty { unknown.notes = ["give \(register) a number"] }
      collector.report(unknown)
      return word
    }
    guard let result = field.setting(setting.value.value, in: word) else {
      collector.report(doesNotFit(setting, field, of: register))
      return word
    }
    return result
  }

  /// A value with more bits than its field.
  static func doesNotFit(
    _ setting: Scenario.FieldSetting, _ field: BitField, of owner: String
  ) -> Diagnostic {
    let bits = field.width == 1 ? "1 bit" : "\(field.width) bits"
    return Diagnostic(
      .doesNotFit, "\(setting.value.value.hex) does not fit \(field.name) of \(owner)",
      at: setting.value.mark, notes: ["\(field) has \(bits): \(field.meaning)"])
  }
}
