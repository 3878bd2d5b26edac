extension RandomAccessCollection {
  /// The first index whose element `holds` is true for, as it is for all behind it; the end where it is for none.
  ///
  /// - Complexity: logarithmic in the number of elements.
  @inlinable
  package func partitioningIndex<Failure>(
    where holds: (Element) throws(Failure) -> Bool
  ) throws(Failure) -> Index {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if try holds(self[index(startIndex, offsetBy: middle)]) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return index(startIndex, offsetBy: low)
  }
}
