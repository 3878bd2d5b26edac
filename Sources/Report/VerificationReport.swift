import ScenarioFile

/// Writes how a machine agrees with what somebody else knows of it.
public struct VerificationReport: Sendable {
  private let compared: [(subject: String, count: UInt64)]
  private let differences: [String]
  private let isWhole: Bool

  /// Describes a comparison.
  ///
  /// - Parameters:
  ///   - compared: what was compared, and how much of it.
  ///   - differences: what differs, in words.
  ///   - isWhole: whether these are all differences.
  public init(
    compared: [(subject: String, count: UInt64)], differences: [String], isWhole: Bool
  ) {
    self.compared = compared
    self.differences = differences
    self.isWhole = isWhole
  }

  /// Writes one object for each difference, and a last one that counts.
  public func writeJSON(to out: inout TextBuffer) {
    for difference in differences {
      out.openObject()
      out.member("difference", difference)
      out.closeLine()
    }
    out.openObject()
    for (subject, count) in compared {
      out.member(String(subject.map { $0 == " " ? "_" : $0 }), count)
    }
    out.member("differences", UInt64(differences.count))
    if !isWhole { out.member("whole", false) }
    out.closeLine()
  }

  /// Writes the differences and what was compared, for people.
  public func writeText(to out: inout TextBuffer) {
    for difference in differences {
      out.write("differs  ", .red)
      out.write(difference.visible)
      out.endLine()
    }
    if !differences.isEmpty { out.endLine() }
    let width = compared.map(\.subject.count).max() ?? 0
    for (subject, count) in compared where count > 0 {
      out.write(subject, .dim, width: width + 2)
      out.write("\(count)", rightAlignedIn: 9)
      out.endLine()
    }
    out.endLine()
    if differences.isEmpty {
      out.write("all agree", .green)
    } else {
      let count = Wording.count(UInt64(differences.count), "difference")
      out.write(isWhole ? count : "\(count); --limit stopped the comparison", .red)
    }
    out.endLine()
  }
}
