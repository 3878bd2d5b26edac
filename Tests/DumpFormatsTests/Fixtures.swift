import DumpFormats
import Glibc
import PhysicalMemory
import TestSupport
import Testing

/// A folder of one test, which goes away with it.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = "/tmp/mmubench-test-\(UInt64.random(in: 0 ... .max))"
    try #require(unsafe mkdir(path, 0o700) == 0)
  }

  deinit {
    for name in names { unsafe unlink("\(path)/\(name)") }
    unsafe rmdir(path)
  }

  /// What the folder holds.
  var names: [String] {
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file with plain system calls, past all that is under test.
  func write(_ bytes: [UInt8], to name: String = "file") throws -> String {
    let descriptor = unsafe open(file(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let written = unsafe bytes.withUnsafeBytes {
      unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
    }
    try #require(written == bytes.count)
    return file(name)
  }

  /// Reads a file with plain system calls.
  func read(_ name: String) throws -> [UInt8] {
    let descriptor = unsafe open(file(name), O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: Int(lseek(descriptor, 0, SEEK_END)))
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe pread(descriptor, $0.baseAddress, $0.count, 0)
    }
    try #require(count == bytes.count)
    return bytes
  }

  /// The bytes that a file takes on the disk.
  func allocatedBytes(_ name: String) -> Int {
    var status = stat()
    return unsafe stat(file(name), &status) == 0 ? Int(status.st_blocks) * 512 : -1
  }
}

/// Memory of a few random stretches below `limit`: random, zero and sparse pages.
func randomMemory(
  using random: inout SeededGenerator, below limit: UInt64 = 1 << 40, pageAligned: Bool
) throws -> RunMemory {
  let mapping = try ByteMapping.zeroed(count: 64 * 4096)
  for page in 0..<64 where !page.isMultiple(of: 3) {
    for word in stride(from: 0, to: 4096, by: page.isMultiple(of: 2) ? 8 : 1024) {
      mapping.store(random.next(), at: page * 4096 + word)
    }
  }
  let unit: UInt64 = pageAligned ? 4096 : 1
  var address = random.next() % (limit / 8) / unit * unit
  var segments: [RunMemory.Segment] = []
  for _ in 0..<Int.random(in: 1...12, using: &random) {
    let count = max(1, UInt64.random(in: 1...(16 * 4096), using: &random) / unit) * unit
    let offset = random.next() % (48 * 4096) / unit * unit
    let isZero = random.next() % 5 == 0
    segments.append(
      RunMemory.Segment(
        start: PhysicalAddress(address), byteCount: count,
        source: isZero ? .zero : .mapping(offset: offset)))
    // A third of the stretches touch the one before.
    address += count + (random.next() % 3 == 0 ? 0 : 1 + random.next() % (limit / 32)) / unit * unit
  }
  return RunMemory(mapping, segments.shuffled(using: &random))
}

/// Requires that two memories hold the same addresses with the same bytes.
func expectEqual(_ a: some PhysicalMemory, _ b: some PhysicalMemory, _ comment: Comment) {
  #expect(a.runs == b.runs, comment)
  for run in a.runs {
    for offset in stride(from: 0, to: run.byteCount, by: 8) {
      let address = run.start.advanced(by: offset)
      if offset + 8 <= run.byteCount {
        let (left, right) = (a.load(UInt64.self, at: address), b.load(UInt64.self, at: address))
        guard left == right, left != nil else { return differ(address, comment) }
      } else {
        for byte in 0..<(run.byteCount - offset) {
          let (left, right) = (
            a.load(UInt8.self, at: address.advanced(by: byte)),
            b.load(UInt8.self, at: address.advanced(by: byte))
          )
          guard left == right, left != nil else { return differ(address, comment) }
        }
      }
    }
  }
}

private func differ(_ address: PhysicalAddress, _ comment: Comment) {
  Issue.record("memories differ at \(address): \(comment)")
}

/// Runs `body`, which has to throw a `DumpError`, and gives that back.
func dumpError(_ body: () throws -> Void) throws -> DumpError {
  var found: (any Error)?
  do { try body() } catch { found = error }
  return try #require(found as? DumpError)
}
