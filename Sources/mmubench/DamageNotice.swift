import PhysicalMemory
import Synchronization

/// Tells at the end which damage of the input was come across, since it is found only on the way.
enum DamageNotice {
  private static let watched = Mutex<[(path: String, memory: MemoryImage)]>([])

  /// Remembers a memory that was opened.
  static func watch(_ path: String, _ memory: MemoryImage) {
    watched.withLock { $0.append((path, memory)) }
  }

  /// Says on standard error what was found to be damaged.
  static func write() {
    for (path, memory) in watched.withLock({ $0 }) {
      for damage in memory.damage { Notice.warn("\(path): \(damage)") }
    }
  }
}
