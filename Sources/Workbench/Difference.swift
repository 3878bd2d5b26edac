/// What a scenario expects that does not hold, and what there is instead.
typealias Difference = (expected: String, got: String)
