import ArgumentParser
import DumpFormats
import Machine
import ReverseMap
import Workbench

/// Whether what is found of a dump is kept for the next question about it.
struct CacheOptions: ParsableArguments {
  @Flag(help: "Neither read nor keep anything in the cache folder.")
  var noCache = false

  /// What is done with the cache by verbs that compare nothing.
  private var use: IndexCache.Use { noCache ? .none : .normal }

  /// The dump whose index is kept; nil for a scenario, and where nothing is kept.
  func indexed(_ path: String) -> String? {
    noCache || Workbench.isScenario(path) ? nil : path
  }

  /// Opens a machine; of a dump, what an earlier question found is taken from the cache folder.
  ///
  /// - Parameters:
  ///   - path: what the user named as MACHINE.
  ///   - options: what completes it.
  ///   - areas: what the user says of a process's areas, with which nothing is kept.
  ///   - readsKernel: whether more is asked than who maps what.
  ///   - use: what is done with the cache, if not what the option says.
  ///   - remark: takes what the user should know; warns of it unless told otherwise.
  /// - Returns: the machine.
  /// - Throws: as `MachineOptions.open`.
  func open(
    _ path: String, _ options: MachineOptions, _ areas: AreaOptions? = nil,
    readsKernel: Bool = false, use: IndexCache.Use? = nil,
    remark: @escaping (IndexCache.Remark) -> Void = { Notice.warn($0.text) }
  ) throws -> Machine {
    guard !Workbench.isScenario(path) else { return try options.open(path, areas) }
    let dump = try DumpFile.open(path, layout: options.rawLayout)
    let machine = try MachineCache(use ?? self.use, remark: remark).machine(
      of: dump, layout: options.rawLayout, overrides: options.overrides(with: areas),
      readsKernel: readsKernel)
    options.announce(machine, path)
    return machine
  }
}

extension IndexCache.Remark {
  /// What is remarked.
  var text: String {
    switch self {
    case .confirmation(let text), .disagreement(let text), .problem(let text): text
    }
  }
}
