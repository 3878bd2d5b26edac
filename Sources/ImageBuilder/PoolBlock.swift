/// A piece of pool, whose header says what it is for.
struct PoolBlock {
  let address: UInt64
  let size: UInt64
  let tag: PoolTag
}

/// The tags of the pieces that the builder makes, as Windows has them.
enum PoolTag: String {
  case process = "Proc"
  case handleTable = "Obtb"
  /// A descriptor of private memory.
  case shortVad = "VadS"
  /// A descriptor of a view.
  case vad = "Vad "
  case controlArea = "MmCa"
  case prototypes = "MmSt"

  var bytes: [UInt8] { Array(rawValue.utf8) }
}
