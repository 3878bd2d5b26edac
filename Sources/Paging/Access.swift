/// A memory access, as far as paging distinguishes accesses (SDM 3A, 4.6).
@frozen public struct Access: Hashable, Sendable {
  /// What is done to the address.
  @frozen public enum Kind: String, Sendable, CaseIterable {
    /// A data read.
    case read
    /// A data write.
    case write
    /// An instruction fetch.
    case execute
    /// A read of a shadow stack.
    case shadowStackRead = "shadow-stack-read"
    /// A write to a shadow stack.
    case shadowStackWrite = "shadow-stack-write"
  }

  /// Who does it.
  @frozen public enum Privilege: String, Sendable, CaseIterable {
    /// A user-mode access: with CPL 3, and not to a system data structure; WRUSS counts as one.
    case user
    /// An explicit supervisor-mode access: by an instruction with CPL below 3.
    case supervisor
    /// An implicit supervisor-mode access: to a system data structure such as the GDT.
    case supervisorImplicit = "supervisor-implicit"
  }

  /// What is done to the address.
  public var kind: Kind
  /// Who does it.
  public var privilege: Privilege

  /// Describes an access.
  @inlinable
  public init(_ kind: Kind, as privilege: Privilege) {
    self.kind = kind
    self.privilege = privilege
  }

  /// Whether the address is written.
  @inlinable public var isWrite: Bool { kind == .write || kind == .shadowStackWrite }
  /// Whether a shadow stack is accessed.
  @inlinable public var isShadowStack: Bool {
    kind == .shadowStackRead || kind == .shadowStackWrite
  }
  /// Whether data rather than instructions are accessed.
  @inlinable public var isData: Bool { kind != .execute }
}

/// The error code that a page fault pushes on the stack (SDM 3A, 4.7, Figure 4-12).
@frozen public struct PageFaultErrorCode: OptionSet, Hashable, Sendable {
  /// The code.
  public var rawValue: UInt32

  /// Wraps a code.
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// P: the fault is a violation of rights or reserved bits, not an absent translation.
  @inlinable public static var protection: Self { Self(rawValue: 1 << 0) }
  /// W/R: the access was a write.
  @inlinable public static var write: Self { Self(rawValue: 1 << 1) }
  /// U/S: the access was a user-mode access.
  @inlinable public static var user: Self { Self(rawValue: 1 << 2) }
  /// RSVD: a reserved bit was set in an entry.
  @inlinable public static var reserved: Self { Self(rawValue: 1 << 3) }
  /// I/D: the access was an instruction fetch, where the processor distinguishes it.
  @inlinable public static var instruction: Self { Self(rawValue: 1 << 4) }
  /// PK: the protection key forbids the access.
  @inlinable public static var protectionKey: Self { Self(rawValue: 1 << 5) }
  /// SS: the access was to a shadow stack.
  @inlinable public static var shadowStack: Self { Self(rawValue: 1 << 6) }

  /// The flags by the names of the manual, lowest first.
  public static let names: [(flag: Self, name: String)] = [
    (.protection, "P"), (.write, "W"), (.user, "U"), (.reserved, "RSVD"), (.instruction, "I"),
    (.protectionKey, "PK"), (.shadowStack, "SS"),
  ]
}

extension PageFaultErrorCode {
  /// The code whose flags have these names, or nil where one is no flag.
  public init?(names: [String]) {
    self = []
    for name in names {
      guard let flag = Self.names.first(where: { $0.name == name })?.flag else { return nil }
      insert(flag)
    }
  }
}

extension PageFaultErrorCode: CustomStringConvertible {
  /// The set flags by name: `P W U`; `0` where none is set.
  public var description: String {
    let set = Self.names.filter { contains($0.flag) }.map(\.name)
    return set.isEmpty ? "0" : set.joined(separator: " ")
  }
}
