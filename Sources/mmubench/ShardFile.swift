import DumpFormats
import Golden
import Machine
import Paging
import PhysicalMemory
import Report

/// The output of `digest --shard`: a line about the machine, then a line for each table.
///
/// The lines are JSON objects, read back in exactly the form in which they are written.
struct ShardFile {
  private let machine: String
  /// The most that is read of one file.
  private static let limit = 1 << 30

  /// Takes from a machine what its shards have in common.
  init(_ machine: Machine) {
    let paging = machine.paging
    let features = paging.features
    var text = TextBuffer()
    text.member("mode", paging.mode.rawValue)
    text.member("cr4", hex: paging.cr4)
    text.member("efer", hex: paging.efer)
    text.member("physical_bits", UInt64(paging.physicalBits))
    text.member("pse_36", features.pse36)
    text.member("page_1g", features.page1G)
    text.member("accepts_accessed_pdpte", features.acceptsAccessedPDPTE)
    text.member("walks_pdptes", features.walksPDPTEs)
    text.member("attribute_bits", hex: paging.attributeBits)
    if paging.isARM64 {
      text.member("ttbr1", hex: paging.ttbr1)
      text.member("tcr", hex: paging.tcr)
    }
    text.openArray("roots")
    for space in machine.addressSpaces { text.element(space.register.hex) }
    text.closeArray()
    self.machine = text.text
  }

  /// Writes the line about the machine.
  func writeHeader(_ index: Int, of count: Int, to out: inout TextBuffer) {
    out.write("{\"digest_shard\":1,\(machine),")
    out.write("\"shard\":\"\(index)/\(count)\"}\n")
  }

  /// Writes the line of one table.
  static func write(_ node: DigestNode, to out: inout TextBuffer) {
    out.openObject()
    out.member("table", hex: node.key.rawValue)
    out.member("mappings", node.digest.mappings)
    out.member("bytes", hex: node.digest.bytes)
    out.member("digest", node.digest.digest.description)
    out.closeLine()
  }

  /// Reads the tables of a file that was written for the same machine.
  func read(_ path: String) throws -> [DigestNode] {
    let bytes = try Decompression.text(path, limit: Self.limit)
    var lines = bytes.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }[...]
    guard let header = lines.popFirst(), header.hasPrefix("{\"digest_shard\":1,") else {
      throw Failure.malformed("\(path):1: this is no output of digest --shard")
    }
    guard header.hasPrefix("{\"digest_shard\":1,\(machine),") else {
      throw Failure.malformed("\(path):1: this shard is of another machine, or of other options")
    }
    return try lines.enumerated().map { index, line in
      guard let node = Self.node(line) else {
        throw Failure.malformed("\(path):\(index + 2): this is no line of digest --shard")
      }
      return node
    }
  }

  private static func node(_ line: String) -> DigestNode? {
    let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
    guard parts.count == 15, let key = number(parts[3]),
      let mappings = UInt64(parts[6].dropFirst().dropLast()), let bytes = number(parts[9]),
      let digest = Digest128(parts[13])
    else { return nil }
    let node = DigestNode(
      // The number of a key is all of it; level and rights are in its upper bits.
      key: TableKey(PhysicalAddress(key), level: 0, rights: []),
      digest: TranslationDigest(digest: digest, mappings: mappings, bytes: bytes))
    var text = TextBuffer()
    write(node, to: &text)
    return text.text == line + "\n" ? node : nil
  }

  private static func number(_ text: Substring) -> UInt64? {
    text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : nil
  }
}
