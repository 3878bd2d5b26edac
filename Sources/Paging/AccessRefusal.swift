/// The rules that refuse an access to a page that is mapped.
///
/// Several may refuse at once; the error code of the page fault does not tell them apart.
@frozen public struct AccessRefusal: OptionSet, Hashable, Sendable {
  /// The rules as bits.
  public var rawValue: UInt16

  /// Wraps the bits of the rules below.
  @inlinable
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// US=0 in an entry, and the access is a user-mode access.
  @inlinable public static var supervisorPage: Self { Self(rawValue: 1 << 0) }
  /// RW=0 in an entry, and the access is a write that must respect it.
  @inlinable public static var readOnly: Self { Self(rawValue: 1 << 1) }
  /// XD=1 in an entry, and the access is a fetch.
  @inlinable public static var executeDisabled: Self { Self(rawValue: 1 << 2) }
  /// SMEP: the supervisor fetches from a user page.
  @inlinable public static var executionPrevention: Self { Self(rawValue: 1 << 3) }
  /// SMAP: the supervisor reads or writes a user page, implicitly or with AC=0.
  @inlinable public static var accessPrevention: Self { Self(rawValue: 1 << 4) }
  /// ADi=1 for the protection key of the page.
  @inlinable public static var keyDisablesAccess: Self { Self(rawValue: 1 << 5) }
  /// WDi=1 for the protection key of the page, and the access is a write that must respect it.
  @inlinable public static var keyDisablesWrite: Self { Self(rawValue: 1 << 6) }
  /// A shadow-stack access to a page that is not one of a shadow stack.
  @inlinable public static var noShadowStack: Self { Self(rawValue: 1 << 7) }
  /// A shadow-stack access of the supervisor to a user page.
  @inlinable public static var userShadowStack: Self { Self(rawValue: 1 << 8) }

  /// What the protection key of the page refuses.
  @inlinable public static var byKey: Self { [keyDisablesAccess, keyDisablesWrite] }
}

extension AccessRefusal {
  /// A rule, in words and with its place in the manual.
  public struct Rule: Sendable {
    /// The rule.
    public let refusal: AccessRefusal
    /// Its name in goldens: `smap`.
    public let name: String
    /// What it refuses.
    public let meaning: String
    /// Where the manual has it.
    public let citation: String
  }

  /// All rules, in the order in which explanations name them.
  public static let rules: [Rule] = [
    rule(
      .supervisorPage, "supervisor-page", "user-mode accesses need US=1 in every entry",
      "SDM 3A, 4.6.1"),
    rule(.readOnly, "read-only", "writes need RW=1 in every entry", "SDM 3A, 4.6.1"),
    rule(.executeDisabled, "execute-disable", "fetches need XD=0 in every entry", "SDM 3A, 4.6.1"),
    rule(
      .executionPrevention, "smep", "with CR4.SMEP=1 the supervisor does not fetch from user pages",
      "SDM 3A, 4.6.1"),
    rule(
      .accessPrevention, "smap",
      "with CR4.SMAP=1 the supervisor reads and writes user pages only explicitly and with AC=1",
      "SDM 3A, 4.6.1"),
    rule(.keyDisablesAccess, "key-ad", "AD of the page's protection key is 1", "SDM 3A, 4.6.2"),
    rule(.keyDisablesWrite, "key-wd", "WD of the page's protection key is 1", "SDM 3A, 4.6.2"),
    rule(
      .noShadowStack, "no-shadow-stack",
      "shadow-stack accesses need RW=0 and D=1 in the last entry and RW=1 in the others",
      "SDM 3A, 4.6.1"),
    rule(
      .userShadowStack, "user-shadow-stack",
      "supervisor shadow-stack accesses need US=0 in an entry", "SDM 3A, 4.6.1"),
  ]

  private static func rule(
    _ refusal: AccessRefusal, _ name: String, _ meaning: String, _ citation: String
  ) -> Rule {
    Rule(refusal: refusal, name: name, meaning: meaning, citation: citation)
  }

  /// The rules that refuse, in the order of `rules`.
  public var violatedRules: [Rule] { Self.rules.filter { contains($0.refusal) } }
}
