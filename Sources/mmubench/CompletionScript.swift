import ArgumentParser

/// A script by which a shell completes command lines, with all names of verbs.
///
/// In the scripts that the argument parser writes, a verb has its first name alone. The others are added where
/// the script takes the verb from the line, and among the verbs that it offers.
struct CompletionScript {
  /// Another name of a verb.
  private struct Alias {
    var name: String
    var verb: String
    /// Shells give `!` a meaning, so that who begins a name with it has to quote.
    var isOffered: Bool { !name.hasPrefix("!") }
    /// Patterns of bash and zsh, to which words come as they were typed.
    var pattern: String {
      isOffered ? "'\(name)'" : "'\(name)'|\"'\(name)'\"|'\\\(name)'"
    }
  }

  /// The script.
  private(set) var text: String

  /// Adds the names to a text that is the parser's script of some shell; nil where it is not.
  init?(_ text: String) {
    let shell = CompletionShell.allCases.first { MMUBench.completionScript(for: $0) == text }
    self.text = text
    switch shell {
    case .bash: completeBash()
    case .zsh: completeZsh()
    case .fish: completeFish()
    default: return nil
    }
  }

  private static let aliases: [Alias] = MMUBench.configuration.subcommands.flatMap { command in
    let configuration = command.configuration
    return configuration.aliases.map {
      Alias(name: $0, verb: configuration.commandName ?? "")
    }
  }

  private mutating func completeBash() {
    insert(after: "    case \"${subcommand}\" in\n") { alias in
      "    \(alias.pattern))\n        _mmubench_\(alias.verb)\n        ;;\n"
    }
    let verbs = MMUBench.configuration.subcommands.compactMap { $0.configuration.commandName }
    insert(after: "-W '\(verbs.joined(separator: " ")) help") { alias in
      alias.isOffered ? " \(alias.name)" : ""
    }
  }

  private mutating func completeZsh() {
    insert(after: "        case \"${words[1]}\" in\n") { alias in
      "        \(alias.pattern))\n            _mmubench_\(alias.verb) && ret=0\n            ;;\n"
    }
    insert(after: "            'help:Show subcommand help information.'\n") { alias in
      alias.isOffered ? "            '\(alias.name):The same as \(alias.verb).'\n" : ""
    }
  }

  private mutating func completeFish() {
    // Once the options before the verb are gone, the verb is the first of the words.
    insert(
      after: "    case 'mmubench'\n        __mmubench_parse_subcommand 0 'version' 'h/help'\n"
    ) { alias in
      "        test \"$unparsed_tokens[1]\" = '\(alias.name)'; "
        + "and set unparsed_tokens[1] '\(alias.verb)'\n"
    }
    for alias in Self.aliases where alias.isOffered {
      text += "\ncomplete -c 'mmubench' -n '__mmubench_should_offer_completions_for_positional "
      text += "\"mmubench\" -eq 1' -fa '\(alias.name)' -d 'The same as \(alias.verb).'"
    }
  }

  /// Adds what is said of each name behind a place of the script.
  private mutating func insert(after place: String, _ line: (Alias) -> String) {
    guard let range = text.firstRange(of: place) else { return }
    text.insert(contentsOf: Self.aliases.map(line).joined(), at: range.upperBound)
  }
}
