/// Words whose bits have a meaning to the processor and another to software.
extension WordLayout {
  /// The layout with other fields in the place of what they cover.
  public func overlaid(with own: [BitField]) -> WordLayout {
    let covered = own.reduce(into: UInt64(0)) { $0 |= $1.mask }
    return WordLayout(
      name, citation: citation, width: width,
      own + fields.flatMap { $0.pieces(without: covered) })
  }
}

extension BitField {
  /// What is left of the field where other fields have taken bits.
  public func pieces(without covered: UInt64) -> [BitField] {
    guard mask & covered != 0 else { return [self] }
    var pieces: [BitField] = []
    var start: UInt8?
    for bit in low...high + 1 {
      let isFree = bit <= high && covered >> UInt64(bit) & 1 == 0
      if isFree, start == nil { start = bit }
      if !isFree, let first = start {
        pieces.append(BitField(name, bit - 1, first, kind, meaning))
        start = nil
      }
    }
    return pieces
  }
}
