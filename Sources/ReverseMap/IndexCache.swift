import DumpFormats
public import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Keeps the indexes of dumps in the user's cache folder, so that the next question needs no enumeration.
public struct IndexCache {
  /// What is done with the cache.
  public enum Use: Sendable {
    /// An index that fits is taken, and a new one is kept.
    case normal
    /// Nothing is read there and nothing written.
    case none
    /// As normal, but an index that is there is compared with one built afresh.
    case verified
  }

  /// What the user should know beside the answer.
  public enum Remark: Sendable {
    /// What the comparison of `verified` came to, where nothing differs.
    case confirmation(String)
    /// The index that was kept differs from one built afresh, or is damaged, which `verified` was to find out.
    case disagreement(String)
    /// Something is not as it should be, and was dealt with.
    case problem(String)
  }

  private let use: Use
  private let isWanted: @Sendable () -> Bool
  private let remark: (Remark) -> Void

  /// Prepares the use of the cache.
  ///
  /// - Parameters:
  ///   - use: what is done with the cache.
  ///   - remark: takes what the user should know.
  ///   - isWanted: is asked while an index is built; once it is false, the index is given up.
  public init(
    _ use: Use = .normal, remark: @escaping (Remark) -> Void = { _ in },
    isWanted: @escaping @Sendable () -> Bool = { true }
  ) {
    self.use = use
    self.isWanted = isWanted
    self.remark = remark
  }

  private func notice(_ text: String) { remark(.problem(text)) }

  /// What is wrong with an index that was kept: what `verified` asks for, and news to others.
  private func noticeDamage(_ text: String) {
    remark(use == .verified ? .disagreement(text) : .problem(text))
  }

  /// The index of a machine.
  ///
  /// - Parameters:
  ///   - machine: the machine.
  ///   - isRefused: whether the index that is kept was found to be no good.
  /// - Returns: the index, from the cache or new.
  /// - Throws: `ReverseMapError` where none can be built.
  public func index(
    of machine: Machine, refusingKept isRefused: Bool = false
  ) throws(ReverseMapError) -> ReverseIndex {
    guard use != .none, let place = place(of: machine) else {
      if use == .verified, machine.files.isEmpty {
        remark(.confirmation("of a machine that is built no index is kept: nothing was compared"))
      }
      return try temporary(machine)
    }
    guard !isRefused, let kept = open(place) else { return try keep(machine, at: place) }
    guard use == .verified else { return kept }
    let fresh = try temporary(machine, key: place.key)
    do {
      try kept.verify()
      if kept.isEqual(to: fresh) {
        remark(.confirmation("\(place.path) agrees with the page tables"))
        return kept
      }
      noticeDamage("\(place.path) does not agree with the page tables: it is built again")
    } catch {
      noticeDamage("\(error): it is built again")
    }
    return try keep(machine, at: place)
  }

  /// Where the index of a machine is kept, and what it must be the index of.
  private struct Place {
    var folder: CacheFolder
    var path: String
    var key: IndexKey
  }

  private func place(of machine: Machine) -> Place? {
    guard let identities = FileIdentity.all(machine.files) else { return nil }
    guard let folder = CacheFolder.own else {
      notice("there is no cache folder: neither XDG_CACHE_HOME nor HOME says where")
      return nil
    }
    let machineText = IndexKey.text(of: machine)
    // A dump that changed replaces its index rather than leaving the old one behind.
    let places = identities.map(\.place).joined(separator: " ")
    let states = identities.map(\.text).joined(separator: " ")
    let name = IndexKey(of: "\(places) \(machineText)")
    let key = IndexKey(of: "\(states) \(machineText)")
    return Place(folder: folder, path: folder.file(.index, name), key: key)
  }

  /// Opens an index that fits; whatever is wrong with it, a new one is built.
  private func open(_ place: Place) -> ReverseIndex? {
    do throws(ReverseMapError) {
      if let bytes = try? ByteMapping.file(place.path) {
        let index = try ReverseIndex(bytes, path: place.path, key: place.key)
        CacheFolder.use(place.path)
        return index
      }
    } catch {
      if case .damaged = error {
        noticeDamage("\(error.description): it is built again")
        return nil
      }
    }
    if use == .verified {
      remark(.confirmation("no index of this dump was kept: nothing was compared, one is built"))
    }
    return nil
  }

  private func keep(
    _ machine: Machine, at place: Place
  ) throws(ReverseMapError) -> ReverseIndex {
    guard place.folder.make() else {
      notice("\(place.folder.path): cannot be created, so the index is not kept")
      return try temporary(machine, key: place.key)
    }
    do {
      let file = try CacheFolder.begin(place.path)
      let bytes = try IndexBuilder(machine, key: place.key, isWanted: isWanted).build(into: file)
      try file.commit()
      place.folder.trim(keeping: place.path)
      return try ReverseIndex(bytes, path: place.path, isTrusted: true)
    } catch let error as DumpError {
      notice("\(error): the index is not kept")
    } catch ReverseMapError.file(let error) {
      notice("\(error): the index is not kept")
    } catch let error as ReverseMapError {
      throw error
    } catch {
      notice("\(error): the index is not kept")
    }
    return try temporary(machine, key: place.key)
  }

  /// An index in a file without a name, which goes away by itself.
  private func temporary(
    _ machine: Machine, key: IndexKey = IndexKey(high: 0, low: 0)
  ) throws(ReverseMapError) -> ReverseIndex {
    let name =
      "\(Folders.temporary)/mmubench-\(String(UInt64.random(in: .min ... .max), radix: 16))"
    do {
      let file = try OutputFile(name)
      let bytes = try IndexBuilder(machine, key: key, isWanted: isWanted).build(into: file)
      return try ReverseIndex(bytes, path: "a temporary index", isTrusted: true)
    } catch let error as DumpError {
      throw .file(error)
    } catch let error as ReverseMapError {
      throw error
    } catch {
      throw .imageChanged
    }
  }
}
