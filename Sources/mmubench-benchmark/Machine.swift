import Glibc

/// How much faster two threads do twice the work: 2.0 where a second processor is free.
func capacity() async -> Double {
  let rounds: UInt64 = 30_000_000
  let clock = ContinuousClock()
  var best = 0.0
  for _ in 0..<3 {
    let alone = clock.measure { _ = spin(rounds) }
    let together = await clock.measure {
      await withTaskGroup(of: UInt64.self) { group in
        for _ in 0..<2 { group.addTask { spin(rounds) } }
        await group.waitForAll()
      }
    }
    best = max(best, 2 * (alone / together))
  }
  return best
}

/// The most memory that `body` had resident beyond what was resident before, in KiB.
///
/// Nil where the system does not let a process reset its own high-water mark.
func residentGrowth(_ body: () -> Void) -> Int? {
  guard write("5", to: "/proc/self/clear_refs"), let before = status("VmRSS:") else { return nil }
  body()
  return status("VmHWM:").map { max(0, $0 - before) }
}

private func write(_ text: String, to path: String) -> Bool {
  let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return false }
  defer { close(descriptor) }
  return unsafe text.utf8.span.withUnsafeBytes { bytes in
    unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count) == bytes.count
  }
}

/// A line of /proc/self/status that is a number of KiB.
private func status(_ key: String) -> Int? {
  let descriptor = unsafe open("/proc/self/status", O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  let text = unsafe String(unsafeUninitializedCapacity: 8192) { buffer in
    unsafe max(0, read(descriptor, buffer.baseAddress, buffer.count))
  }
  let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
  return line.flatMap { Int($0.filter(\.isNumber)) }
}
