extension Unicode.Scalar {
  /// The scalar, unless it moves the cursor or changes the terminal: then a space for a tab, else U+FFFD.
  var visible: Unicode.Scalar {
    switch properties.generalCategory {
    case _ where self == "\t": " "
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: "\u{fffd}"
    default: self
    }
  }
}

extension String {
  /// Text of others, as it can be shown on a line of a terminal or of a page: a scalar for each of its own.
  package var visible: String { String(UnicodeScalarView(unicodeScalars.map(\.visible))) }
}
