import BitLayout
import Machine
import Paging
import PhysicalMemory

/// The sentences about one access: the question, the verdict, and why.
struct AccessSentence {
  let answer: AccessAnswer
  var paging: PagingState { answer.state }
  var walk: Walk { answer.walk }

  init(_ answer: AccessAnswer) { self.answer = answer }

  /// The access in words: `write by user mode`.
  var question: String { "\(answer.access.kind.noun) by \(answer.access.privilege.noun)" }

  /// The style that fits the outcome.
  var style: TextStyle {
    switch answer.result.outcome {
    case .translated: walk.isInImage ? .green : .yellow
    case .pageFault, .generalProtection: .red
    case .missing: .yellow
    }
  }

  /// What the processor does.
  var verdict: String {
    switch answer.result {
    case .translated(let translation, _):
      "translated to \(translation.address) in a \(Wording.size(translation.pageSize)) page; "
        + Wording.rights(translation.rights)
    case .pageFault(let fault):
      "page fault, error code \(Self.code(fault.errorCode)), "
        + "CR2 \(walk.address.rawValue.hex(digits: paging.mode.addressDigits))"
    case .abort(let abort):
      "\(answer.access.isData ? "data" : "instruction") abort, \(abort.kindText), "
        + "ESR_EL1 \(abort.syndrome.hex), FAR_EL1 \(walk.address.rawValue.hex(digits: 16))"
    case .generalProtection: "general protection, error code 0x0"
    case .missing: WalkSentence(paging: paging, walk: walk).lines.joined()
    }
  }

  /// An error code with its bits by name: `0x7 (P W U)`.
  static func code(_ code: PageFaultErrorCode) -> String {
    code.isEmpty ? "0x0" : "\(code.rawValue.hex) (\(code))"
  }

  /// Why the verdict is what it is, a sentence a line.
  var reasons: [String] {
    switch answer.result {
    case .translated:
      Array(WalkSentence(paging: paging, walk: walk).lines.dropFirst())
    case .pageFault(let fault) where !fault.refusal.isEmpty:
      AccessRefusal.rules.filter { fault.refusal.contains($0.refusal) }.map(reason)
    case .abort(let abort): reasons(of: abort)
    case .generalProtection(let stop) where stop.level > 0:
      WalkSentence(paging: paging, walk: walk).lines
        + ["the processor finds them as CR3 is loaded with this root (SDM 3A, 4.4.1)"]
    case .generalProtection: [outside]
    case .pageFault: WalkSentence(paging: paging, walk: walk).lines
    case .missing: []
    }
  }

  /// Why no table is read for the access.
  private var outside: String {
    let tags = AddressTags(paging)
    let linear = walk.address.rawValue
    if answer.isSeparated { return separation }
    guard let tag = tags.control(of: linear, paging), tags.apply(to: answer.access) else {
      return WalkSentence(paging: paging, walk: walk).lines.joined()
    }
    let width = UInt64(paging.mode.virtualAddressBits)
    return WalkSentence.nonCanonical(Wording.bits(tags.compared(of: linear, width: width)))
      + "; \(tag)=1 leaves \(Wording.bits(tags.ignored(of: linear))) out of account"
  }

  private var separation: String {
    let rule: String
    switch (answer.access.privilege, answer.access.isData) {
    case (.user, _): rule = "keeps user mode out of addresses with bit 63 set"
    case (_, false): rule = "keeps the supervisor from executing at addresses with bit 63 clear"
    case (_, true):
      rule =
        "and SMAP=1 let the supervisor use data at addresses with bit 63 clear only explicitly and "
        + "with AC=1"
    }
    return "CR4.LASS=1 \(rule), no table is read (SDM 3A, Linear-Address-Space Separation)"
  }

  /// A rule that refused, with what in the tables or registers made it.
  private func reason(_ rule: AccessRefusal.Rule) -> String {
    "refused: \(rule.meaning): \(cause(of: rule.refusal)) (\(rule.citation))"
  }

  /// What in the tables and registers a rule refused for.
  func cause(of refusal: AccessRefusal) -> String {
    switch refusal {
    case .supervisorPage: bits(X86Fields.user, isSet: false)
    case .readOnly:
      bits(X86Fields.writable, isSet: false)
        + (answer.access.privilege == .user ? "" : ", and CR0.WP=1")
    case .executeDisabled: bits(X86Fields.executeDisable, isSet: true)
    case .executionPrevention, .userShadowStack: "US=1 in every entry"
    case .accessPrevention:
      answer.access.privilege == .supervisorImplicit
        ? "US=1 in every entry, and the access is implicit" : "US=1 in every entry, and AC=0"
    case .keyDisablesAccess: key("AD")
    case .keyDisablesWrite: key("WD")
    case .noShadowStack: shadowStack
    default: refusal.rawValue.hex
    }
  }

  /// The entries in which a field is as said: `RW=0 in PDE and PTE`.
  private func bits(_ field: BitField, isSet: Bool) -> String {
    let names = entryNames { $0 & field.mask == (isSet ? field.mask : 0) }
    return "\(field.name)=\(isSet ? 1 : 0) in \(Wording.list(names))"
  }

  private func entryNames(where isMeant: (UInt64) -> Bool) -> [String] {
    walk.steps.compactMap { step in
      // A PAE PDPTE holds no rights: its bits do not count.
      guard let entry = step.entry, paging.mode != .pae || step.level < 3, isMeant(entry) else {
        return nil
      }
      return walk.mode.entryName(step.level)
    }
  }

  private func key(_ bit: String) -> String {
    guard let translation = walk.result.translation else { return bit }
    let key = X86Fields.protectionKey.value(in: translation.entry)
    let isUserPage = translation.rights.contains(.user)
    let register = isUserPage ? "PKRU" : "PKRS"
    let value = isUserPage ? paging.pkru : paging.pkrs
    return "the key is \(key), and \(bit)\(key)=1 in \(register) \(value.hex)"
  }

  private var shadowStack: String {
    guard let last = walk.steps.last?.entry else { return "" }
    let upper = walk.steps.dropLast().compactMap { step in
      step.entry.flatMap {
        X86Fields.writable.isSet(in: $0) ? nil : walk.mode.entryName(step.level)
      }
    }
    let leaf = "\(walk.mode.entryName(walk.steps.last?.level ?? 1)) has "
    let bits =
      "RW=\(X86Fields.writable.value(in: last)) D=\(X86Fields.dirty.value(in: last))"
    return leaf + bits + (upper.isEmpty ? "" : ", RW=0 in \(Wording.list(upper))")
  }
}

extension Access.Kind {
  /// The access as a noun.
  var noun: String {
    switch self {
    case .read: "read"
    case .write: "write"
    case .execute: "fetch"
    case .shadowStackRead: "shadow-stack read"
    case .shadowStackWrite: "shadow-stack write"
    }
  }
}

extension Access.Privilege {
  /// Who makes the access.
  var noun: String {
    switch self {
    case .user: "user mode"
    case .supervisor: "the supervisor"
    case .supervisorImplicit: "the supervisor implicitly"
    }
  }
}
