public import DumpFormats
public import Machine
import PhysicalMemory
import WindowsMemory

/// Keeps what opening a dump found beside its index, so that the next question searches for nothing.
///
/// A system that does not say where it is, and its processes, are looked for in all of memory: of a large
/// dump that takes longer than any answer from its index.
public struct MachineCache {
  private let use: IndexCache.Use
  private let remark: (IndexCache.Remark) -> Void

  /// Prepares the use of the cache.
  ///
  /// - Parameters:
  ///   - use: what is done with the cache.
  ///   - remark: takes what the user should know.
  public init(
    _ use: IndexCache.Use = .normal, remark: @escaping (IndexCache.Remark) -> Void = { _ in }
  ) {
    self.use = use
    self.remark = remark
  }

  /// The machine that a dump is.
  ///
  /// - Parameters:
  ///   - dump: the dump.
  ///   - layout: how it was opened, if it is a raw image.
  ///   - overrides: what the user says over what the dump says.
  ///   - readsKernel: whether more is asked than who maps what: only then is the kernel of a Linux that comes
  ///     from the cache looked at, for areas and descriptors of frames.
  /// - Returns: the machine, from the cache or found anew.
  /// - Throws: `MachineOverrides.Problem`, as where a dump is opened without a cache.
  public func machine(
    of dump: DumpFile, layout: RawLayout, overrides: MachineOverrides, readsKernel: Bool = false
  ) throws(MachineOverrides.Problem) -> Machine {
    guard use != .none, overrides.areas == nil, let place = Place(dump, layout, overrides) else {
      return try Self.searched(dump, overrides)
    }
    let kept = bytes(at: place)
    if use == .normal, let kept, var machine = machine(of: dump, kept, place) {
      CacheFolder.use(place.path)
      if readsKernel { machine.readKernelAgain() }
      return machine
    }
    let found = try Self.searched(dump, overrides)
    // What is damaged is come across in a search, and is to be said each time.
    guard found.memory.damage.isEmpty, let bytes = try? MachineFields(found)?.bytes(),
      bytes.count <= Self.sizeLimit - Self.headSize
    else { return found }
    guard kept != bytes else { return found }
    if use == .verified, kept != nil {
      remark(
        .disagreement(
          "\(place.path) does not agree with what is found in the dump: it is written again"))
    }
    keep(bytes, at: place)
    return found
  }

  /// The machine with everybody who may map a page: where nothing leads to the processes of Windows, and
  /// none is asked for, they are looked for in all of memory.
  private static func searched(
    _ dump: DumpFile, _ overrides: MachineOverrides
  ) throws(MachineOverrides.Problem) -> Machine {
    var machine = try Machine(dump, overrides: overrides)
    let isChosen = overrides.root != nil || overrides.pid != nil || overrides.process != nil
    guard !isChosen, let windows = machine.system.windows, windows.processListHead == nil else {
      return machine
    }
    let known = Set(machine.addressSpaces.map(\.register))
    machine.searchWindows()
    // What only looks like a root may lead anywhere.
    machine.addressSpaces.removeAll { $0.sureness == .doubtful && !known.contains($0.register) }
    return machine
  }

  private func machine(of dump: DumpFile, _ bytes: [UInt8], _ place: Place) -> Machine? {
    if let fields = try? MachineFields(reading: bytes) { return fields.machine(dump) }
    noticeDamage(place)
    return nil
  }

  /// Where the file is, and what it must be of.
  private struct Place {
    var path: String
    var key: IndexKey

    init?(_ dump: DumpFile, _ layout: RawLayout, _ overrides: MachineOverrides) {
      guard let folder = CacheFolder.own, let files = FileIdentity.all(dump.files),
        let program = FileIdentity("/proc/self/exe")
      else { return nil }
      // What is said of the machine names files as the user does.
      let question = dump.files + [IndexKey.text(of: layout), IndexKey.text(of: overrides)]
      let name = (files.map(\.place) + question).joined(separator: "\n")
      // Another edition of the program may find more.
      let key = (files.map(\.text) + question + [program.text]).joined(separator: "\n")
      path = folder.file(.machine, IndexKey(of: name))
      self.key = IndexKey(of: key)
    }
  }

  /// "MMUBMACH".
  private static let magic: UInt64 = 0x4843_414d_4255_4d4d

  /// What stands before the fields: what the file is, of which dump, and the digest of it all.
  private static func head(_ key: IndexKey, _ bytes: [UInt8]) -> [UInt8] {
    let fields = IndexHash.digest(bytes)
    let words = [magic, key.high, key.low, fields.high, fields.low]
    let head = words.flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
    }
    let digest = IndexHash.digest(head)
    return head + (0..<8).map { UInt8(truncatingIfNeeded: digest.low >> (8 * UInt64($0))) }
  }

  private static let headSize = 48
  /// No machine has so many processes that what is kept of it takes more.
  private static let sizeLimit = 1 << 26

  /// The fields in the file, if it is there, whole, and of this dump.
  private func bytes(at place: Place) -> [UInt8]? {
    guard let file = try? ByteMapping.file(place.path) else { return nil }
    guard file.count <= Self.sizeLimit else {
      noticeDamage(place)
      return nil
    }
    let all = (0..<UInt64(file.count)).compactMap { file.load(UInt8.self, at: $0) }
    let bytes = Array(all.dropFirst(Self.headSize))
    let right = Self.head(place.key, bytes)
    guard !all.starts(with: right) else { return bytes }
    // One of another state of the dump is whole, and good for nothing.
    let key = IndexKey(high: file.word(1), low: file.word(2))
    if !all.starts(with: Self.head(key, bytes)) { noticeDamage(place) }
    return nil
  }

  private func noticeDamage(_ place: Place) {
    let text = "\(place.path): it is damaged: the dump is searched again"
    remark(use == .verified ? .disagreement(text) : .problem(text))
  }

  private func keep(_ bytes: [UInt8], at place: Place) {
    guard let folder = CacheFolder.own, folder.make() else { return }
    // Where this cannot be written the index cannot either, and that is said.
    guard let file = try? CacheFolder.begin(place.path),
      (try? file.write(Self.head(place.key, bytes) + bytes)) != nil
    else { return }
    try? file.commit()
  }
}

extension ByteMapping {
  /// The word with a number; 0 behind the end.
  fileprivate func word(_ number: UInt64) -> UInt64 { load(UInt64.self, at: number * 8) ?? 0 }
}
