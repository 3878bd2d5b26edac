import ArgumentParser
import LinuxMemory
import PhysicalMemory
import ScenarioFile

/// The options that say what Linux makes of an entry.
struct LinuxOptionGroup: ParsableArguments {
  @Option(
    name: .customLong("kernel-config"),
    help: ArgumentHelp(
      "What Linux is configured with, of which the swap types depend: memory-failure, migration, "
        + "device-private and markers, with commas, or none; Debian's choice if not given.",
      valueName: "list"),
    transform: Self.options)
  var options: LinuxOptions?

  private static func options(_ text: String) throws -> LinuxOptions {
    guard text != "none" else { return [] }
    var options: LinuxOptions = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let option = LinuxOptions.names.first(where: { $0.name == word })?.option else {
        let names = LinuxOptions.names.map(\.name)
        let near = Suggestion.nearest(to: String(word), in: names)
        throw ValidationError(
          "no choice `\(word)` of a kernel's configuration; there are "
            + names.joined(separator: ", ") + (near.map { "; did you mean `\($0)`?" } ?? ""))
      }
      options.insert(option)
    }
    return options
  }

  /// Refuses what means nothing without a Linux kernel.
  func requireUnused() throws {
    guard options != nil else { return }
    throw Failure.usage("--kernel-config is about entries of Linux: --os linux-6.1 names a kernel")
  }
}
