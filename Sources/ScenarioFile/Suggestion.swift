/// Finds the choice somebody probably meant.
public enum Suggestion {
  /// The choice with the smallest edit distance, if that is a third of its length or less.
  ///
  /// Failing that, the first choice of three letters or more that the name starts with. Letter case,
  /// `_` and `-` count as nothing, so that `page_size` finds `page-size` and `Cr0` finds `cr0`. Ties
  /// go to the earlier choice.
  public static func nearest(to name: String, in choices: [String]) -> String? {
    let wanted = folded(name)
    guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
    var best: (choice: String, distance: Int)?
    for choice in choices {
      let candidate = folded(choice)
      guard candidate.count <= 64 else { continue }
      let distance = editDistance(wanted, candidate)
      let limit = max(1, max(wanted.count, candidate.count) / 3)
      // A wholly different short word is no suggestion.
      guard distance <= limit, distance < candidate.count else { continue }
      if distance < best?.distance ?? Int.max { best = (choice, distance) }
    }
    return best?.choice
      ?? choices.first { choice in
        let candidate = folded(choice)
        return candidate.count > 2 && wanted.starts(with: candidate)
      }
  }

  private static func folded(_ text: String) -> [UInt8] {
    text.utf8.prefix(65).compactMap { byte in
      switch byte {
      case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: " "): nil
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
      default: byte
      }
    }
  }

  /// The least number of insertions, deletions, substitutions and swaps of neighbours.
  package static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var previous: [Int] = []
    var row = Array(0...b.count)
    for i in 0..<a.count {
      var next = [i + 1]
      for j in 0..<b.count {
        var cost = min(row[j] + (a[i] == b[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          cost = min(cost, previous[j - 1] + 1)
        }
        next.append(cost)
      }
      previous = row
      row = next
    }
    return row[b.count]
  }
}
