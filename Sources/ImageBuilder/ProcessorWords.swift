package import Paging

/// What processors can and what they let pass, by the words of scenarios.
package enum ProcessorWords {
  /// Where the state keeps whether it is so.
  package typealias Path = any WritableKeyPath<PagingState.Features, Bool> & Sendable

  /// The words of `features:`.
  package static let features: [String: Path] = ["pse-36": \.pse36, "page-1g": \.page1G]
  /// The words of `accept:`.
  package static let deviations: [String: Path] = [
    "pdpte-accessed": \.acceptsAccessedPDPTE, "pdpte-walked": \.walksPDPTEs,
  ]
}
