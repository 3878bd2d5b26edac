public import Machine
public import Paging
public import PhysicalMemory

/// Writes walks as JSON, as scripts read them.
///
/// What all walks of one root have in common is put together once: `translate` writes millions.
public struct WalkJSON: Sendable {
  private let mode: PagingMode
  /// What stands between the address and the outcome.
  private let head: [UInt8]
  /// The same for the upper half of arm64; empty where there is one half.
  private var upperHead: [UInt8] = []

  /// Prepares for the walks of one paging state.
  public init(_ state: PagingState) {
    self.init(mode: state.mode, root: state.root)
    if let upper = state.allHalves.dropFirst().first {
      upperHead = Self(mode: state.mode, root: upper.root).head
    }
  }

  /// Prepares for the walks of one mode and root.
  public init(mode: PagingMode, root: PhysicalAddress) {
    self.mode = mode
    var text = TextBuffer()
    text.member("mode", mode.rawValue)
    text.write(",")
    text.write("\"root\":\"\(root)\",\"outcome\":\"")
    head = Array("\",".utf8) + text.bytes
  }

  /// Writes a walk with its entries, as one line, with its explanation if there is one.
  public func write(
    _ walk: Walk, _ explanation: Explanation? = nil, to out: inout TextBuffer
  ) {
    open(walk.result, for: walk.address, isInImage: walk.isInImage, to: &out)
    out.openArray("entries")
    for step in walk.steps {
      guard let entry = step.entry else { continue }
      out.openElement()
      out.member("name", mode.entryName(step.level))
      out.member("address", hex: step.entryAddress.rawValue)
      out.member("value", hex: entry)
      out.closeObject()
    }
    out.closeArray()
    explanation?.writeMember(to: &out)
    out.closeLine()
  }

  /// Writes the end of a walk without its entries, as one line.
  public func write(
    _ result: WalkResult, for address: VirtualAddress, isInImage: Bool, to out: inout TextBuffer
  ) {
    open(result, for: address, isInImage: isInImage, to: &out)
    out.closeLine()
  }

  /// Writes all but the entries and the end of the object.
  private func open(
    _ result: WalkResult, for address: VirtualAddress, isInImage: Bool, to out: inout TextBuffer
  ) {
    out.write("{\"va\":\"")
    out.hex(address.rawValue)
    let isUpper = !upperHead.isEmpty && ARM64Half(of: address.rawValue) == .upper
    out.write(isUpper ? upperHead : head)
    switch result {
    case .mapped(let translation):
      out.write("mapped\",\"pa\":\"")
      out.hex(translation.address.rawValue)
      out.write("\",\"page_size\":")
      out.decimal(translation.pageSize)
      out.members(of: translation.rights)
      if !isInImage { out.member("in_image", false) }
    case .stopped(let stop):
      out.write(result.outcome.rawValue)
      out.write("\"")
      write(stop, to: &out)
    }
  }

  private func write(_ stop: WalkStop, to out: inout TextBuffer) {
    if stop.level > 0 { out.member("stopped_at", mode.entryName(stop.level)) }
    switch stop.cause {
    case .reservedBits(let bits): out.member("reserved", hex: bits)
    case .missing: out.member("missing", hex: stop.entryAddress.rawValue)
    case .notPresent, .nonCanonical: break
    }
  }
}

extension TextBuffer {
  /// The three members that say rights; they stand after others.
  mutating func members(of rights: Rights) {
    write(Self.rightsMembers[Int(rights.rawValue & Rights.all.rawValue)])
  }

  /// The members for each set of rights.
  private static let rightsMembers: [[UInt8]] = (0...Rights.all.rawValue).map { bits in
    let rights = Rights(rawValue: bits)
    var text = TextBuffer()
    text.member("write", rights.contains(.write))
    text.member("user", rights.contains(.user))
    text.member("execute", rights.contains(.execute))
    return Array(",".utf8) + text.bytes
  }
}
