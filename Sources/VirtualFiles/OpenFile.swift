import Machine
import Paging
import PhysicalMemory
import Synchronization

/// A file that somebody has opened.
///
/// It shows what the file was when it was opened, or when it was last read from its beginning: so what
/// is read piece by piece belongs together, and who changes a table changes the one that he read,
/// whatever address others have asked about since.
public final class OpenFile: Sendable {
  private struct State: Sendable {
    var contents: FileContents
    var text: AddressText
  }

  private let file: File
  private let tree: FileTree
  private let state: Mutex<State>

  init(_ file: File, of tree: FileTree) throws(FileFailure) {
    self.file = file
    self.tree = tree
    let contents = try tree.contents(of: file)
    var text = AddressText("")
    if file.isAddress, case .bytes(let bytes) = contents {
      text = AddressText(String(decoding: bytes, as: UTF8.self))
    }
    state = Mutex(State(contents: contents, text: text))
  }

  /// The number of bytes.
  public var size: UInt64 { state.withLock { $0.contents.size } }

  /// Reads up to `count` bytes; fewer at the end of the file and before memory that is not there.
  public func read(at offset: UInt64, count: Int) throws(FileFailure) -> [UInt8] {
    if offset == 0 {
      let contents = try tree.contents(of: file)
      state.withLock { $0.contents = contents }
    }
    let contents = state.withLock { $0.contents }
    return try contents.read(at: offset, count: count, in: machine)
  }

  /// Writes bytes; returns how many were taken, fewer where the file ends.
  public func write(_ bytes: [UInt8], at offset: UInt64) throws(FileFailure) -> Int {
    guard file.isWritable else { throw .readOnly }
    guard !bytes.isEmpty else { return 0 }
    if file.isAddress { return try writeText(bytes, at: offset) }
    let contents = state.withLock { $0.contents }
    guard offset < contents.size else { throw .beyondEnd }
    let bytes = Array(bytes.prefix(Int(min(contents.size - offset, UInt64(bytes.count)))))
    switch contents {
    case .physical(let start, _): try tree.write(bytes, at: start.advanced(by: offset))
    case .virtual(let bits): return try writeVirtual(bytes, at: offset, bits: bits)
    case .zeros, .bytes, .pages: throw .unmapped
    }
    return bytes.count
  }

  /// Begins the text of an address anew; nothing else has another size.
  public func truncate() {
    state.withLock { $0.text.clear() }
  }

  /// Says that no more is written for now; the text of an address must be whole.
  public func flush() throws(FileFailure) {
    let text = state.withLock { $0.text }
    guard text.isTouched, text.meaning == .incomplete else { return }
    throw .notAnAddress
  }

  /// The machine as it is now, with the root that the file is about.
  private var machine: Machine {
    let machine = tree.machine
    guard case .virtualMemory(let space) = file else { return machine }
    return machine.rooted(at: space)
  }

  private func writeText(_ bytes: [UInt8], at offset: UInt64) throws(FileFailure) -> Int {
    try state.withLock { state throws(FileFailure) in
      var text = state.text
      guard text.put(bytes, at: offset) else { throw .notAnAddress }
      switch text.meaning {
      case .address(let address): try tree.set(address, in: file)
      case .incomplete: break
      case .wrong: throw .notAnAddress
      }
      state.text = text
    }
    return bytes.count
  }

  private func writeVirtual(
    _ bytes: [UInt8], at offset: UInt64, bits: UInt64
  ) throws(FileFailure) -> Int {
    let range = FileContents.addresses(at: offset, count: bytes.count, bits: bits)
    var done = 0
    while done < Int(range.upperBound - range.lowerBound + 1) {
      let address = range.lowerBound + UInt64(done)
      let count = min(bytes.count - done, Int(frameSize - address % frameSize))
      // Each page by tables as they are then: the bytes before may have changed them.
      let found = machine.walk(VirtualAddress(address)).result.translation
      do throws(FileFailure) {
        guard let found else { throw .unmapped }
        try tree.write(Array(bytes[done..<done + count]), at: found.address)
      } catch {
        // What was taken is said first; the next write meets the reason.
        if done > 0 { return done }
        throw error
      }
      done += count
    }
    return done
  }
}
