/// The five bits in which the memory manager keeps a protection: a base and a modifier.
///
/// Location and protection are separate facts: a page in transition or in a page file may be guarded
/// as well as one that nobody has touched.
public struct MMProtection: RawRepresentable, Sendable, Hashable {
  /// The five bits.
  public let rawValue: UInt8

  /// Takes the five bits, or nil where the value has more.
  public init?(rawValue: UInt8) {
    guard rawValue <= Self.mask else { return nil }
    self.rawValue = rawValue
  }

  /// Takes the lowest five bits.
  init(truncating value: UInt64) { rawValue = UInt8(truncatingIfNeeded: value) & Self.mask }

  /// What an access does besides being checked, or how the page is cached.
  public enum Modifier: String, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// The page is not cached.
    case nocache
    /// The first access raises STATUS_GUARD_PAGE_VIOLATION.
    case guardPage = "guard"
    /// Writes to the page are combined.
    case writecombine
  }

  private static let mask: UInt8 = 0b1_1111
  private static let baseMask: UInt8 = 0b111
  private static let modifierShift: UInt8 = 3

  /// A protection that allows nothing and says nothing: in a prototype form, that of the VAD.
  public static let zeroAccess = MMProtection(truncating: 0)
  /// The page was given back.
  public static let decommit = MMProtection(truncating: 0x10)
  /// The page must not be accessed.
  public static let noAccess = MMProtection(truncating: 0x18)

  /// The lowest three bits: what may be done with the page.
  public var base: UInt8 { rawValue & Self.baseMask }

  /// The highest two bits, which mean something else where the base is 0.
  public var modifier: Modifier {
    base == 0 ? .none : Modifier.allCases[Int(rawValue >> Self.modifierShift)]
  }

  /// Whether any access is refused.
  public var refusesAccess: Bool { base == 0 }
  /// Whether the page may be written, be it into a copy.
  public var allowsWrite: Bool { base & 0b100 != 0 }
  /// Whether instructions may be fetched from the page.
  public var allowsExecute: Bool { base & 0b010 != 0 }
  /// Whether a write gets a private copy.
  public var isCopyOnWrite: Bool { base & 0b101 == 0b101 }

  /// The memory manager's name: `MM_READWRITE`, `MM_READONLY | MM_GUARD_PAGE`, `MM_DECOMMIT`.
  public var name: String {
    if self == .decommit { return "MM_DECOMMIT" }
    if self == .noAccess { return "MM_NOACCESS" }
    let modifiers = ["", "MM_NOCACHE", "MM_GUARD_PAGE", "MM_WRITECOMBINE"]
    let modifier = modifiers[Int(rawValue >> Self.modifierShift)]
    return Self.bases[Int(base)].name + (modifier.isEmpty ? "" : " | \(modifier)")
  }

  /// The name of the base as programs know it: `PAGE_READWRITE`.
  public var pageName: String { Self.bases[Int(base)].pageName }

  /// The value as programs know it, the modifier included: 0x104 is PAGE_READWRITE | PAGE_GUARD.
  public var pageValue: UInt32 { Self.bases[Int(base)].pageValue | modifier.pageValue }

  /// The protection that a name or a `PAGE_*` name of a base means, with a modifier.
  public init?(base name: String, modifier: Modifier = .none) {
    let name = name.uppercased()
    guard
      let base = Self.bases.firstIndex(where: { $0.name == name || $0.pageName == name }),
      let high = Modifier.allCases.firstIndex(of: modifier), base != 0 || modifier == .none
    else { return nil }
    rawValue = UInt8(base) | UInt8(high) << Self.modifierShift
  }

  /// The protection with these rights.
  init(allowsWrite: Bool, isCopyOnWrite: Bool, allowsExecute: Bool, modifier: Modifier) {
    let write: UInt8 = isCopyOnWrite ? 0b101 : allowsWrite ? 0b100 : 0
    let execute: UInt8 = allowsExecute ? 0b010 : 0
    // A page that is neither written nor executed is read, and so is one that is executed only:
    // the processor cannot refuse it. Of the bases, 6 alone has no bit for that.
    let read: UInt8 = write == 0b100 ? 0 : 0b001
    let high = UInt8(Modifier.allCases.firstIndex(of: modifier) ?? 0)
    rawValue = write | execute | read | high << Self.modifierShift
  }

  private struct Base: Sendable {
    let name: String
    let pageName: String
    let pageValue: UInt32
  }

  private static let bases = [
    Base(name: "MM_ZERO_ACCESS", pageName: "PAGE_NOACCESS", pageValue: 0x01),
    Base(name: "MM_READONLY", pageName: "PAGE_READONLY", pageValue: 0x02),
    Base(name: "MM_EXECUTE", pageName: "PAGE_EXECUTE", pageValue: 0x10),
    Base(name: "MM_EXECUTE_READ", pageName: "PAGE_EXECUTE_READ", pageValue: 0x20),
    Base(name: "MM_READWRITE", pageName: "PAGE_READWRITE", pageValue: 0x04),
    Base(name: "MM_WRITECOPY", pageName: "PAGE_WRITECOPY", pageValue: 0x08),
    Base(name: "MM_EXECUTE_READWRITE", pageName: "PAGE_EXECUTE_READWRITE", pageValue: 0x40),
    Base(name: "MM_EXECUTE_WRITECOPY", pageName: "PAGE_EXECUTE_WRITECOPY", pageValue: 0x80),
  ]
}

extension MMProtection.Modifier {
  /// The bit that the modifier adds to a `PAGE_*` value.
  public var pageValue: UInt32 {
    switch self {
    case .none: 0
    case .guardPage: 0x100
    case .nocache: 0x200
    case .writecombine: 0x400
    }
  }
}
