import Paging
import PhysicalMemory

/// Two sums over all entries of an address space, from which a single change can be found again.
///
/// A digest says that something changed, not what. With the sum of the entries' words and the sum
/// of the words times their page numbers, modulo a prime, the entry in which two address spaces
/// differ follows by one division, and its old word by a subtraction. Where more than one entry
/// changed the division gives no sensible entry, which is noticed.
struct Locator: Hashable, Sendable, BitwiseCopyable {
  /// The sum of the words.
  var sum: UInt64
  /// The sum of the words times their page numbers.
  var weighted: UInt64

  static let nothing = Locator(sum: 0, weighted: 0)

  /// The locator of a slot `pages` pages further on.
  func moved(by pages: UInt64) -> Locator {
    Locator(sum: sum, weighted: Prime.add(weighted, Prime.multiply(sum, pages)))
  }

  static func + (a: Self, b: Self) -> Self {
    Locator(sum: Prime.add(a.sum, b.sum), weighted: Prime.add(a.weighted, b.weighted))
  }

  /// The one slot whose change makes `self` out of `old`, if a single one can.
  func change(since old: Self) -> (page: UInt64, difference: UInt64)? {
    let difference = Prime.add(sum, Prime.negate(old.sum))
    guard difference != 0 else { return nil }
    let weighted = Prime.add(weighted, Prime.negate(old.weighted))
    return (Prime.multiply(weighted, Prime.inverse(difference)), difference)
  }
}

extension Locator: CustomStringConvertible {
  /// The sums as a golden has them.
  var description: String { "\(sum.hex) \(weighted.hex)" }

  /// Reads what `description` writes.
  init?(_ text: some StringProtocol) {
    let numbers = text.split(separator: " ").compactMap { word in
      word.hasPrefix("0x") ? UInt64(word.dropFirst(2), radix: 16) : nil
    }
    guard numbers.count == 2 else { return nil }
    self.init(sum: numbers[0], weighted: numbers[1])
  }
}

/// Arithmetic modulo the Mersenne prime 2^61 - 1.
enum Prime {
  static let modulus: UInt64 = (1 << 61) - 1

  static func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let sum = a % modulus + b % modulus
    return sum >= modulus ? sum - modulus : sum
  }

  static func negate(_ a: UInt64) -> UInt64 { (modulus - a % modulus) % modulus }

  static func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a % modulus).multipliedFullWidth(by: b % modulus)
    // 2^64 is 8 modulo the prime, so the upper half counts eightfold.
    return add(product.low, add(product.high << 3, 0))
  }

  /// By Fermat: the power to the modulus less 2.
  static func inverse(_ a: UInt64) -> UInt64 {
    var (result, power, exponent) = (1 as UInt64, a % modulus, modulus - 2)
    while exponent > 0 {
      if exponent & 1 == 1 { result = multiply(result, power) }
      power = multiply(power, power)
      exponent >>= 1
    }
    return result
  }
}

/// What a slot holds, as a word that can be read back.
enum SlotWord: Hashable {
  case nothing
  case page(PhysicalAddress, Rights, level: Int)
  case reserved(level: Int)
  case missing(level: Int)

  init?(rawValue: UInt64) {
    let level = Int(rawValue >> 3 & 7)
    let page = rawValue & ~0xfff
    switch rawValue & 0xfc0 {
    case 0 where rawValue == 0: self = .nothing
    case DigestFrames.Mark.page.rawValue where page >> 52 == 0:
      self = .page(PhysicalAddress(page), Rights(rawValue: UInt8(rawValue & 7)), level: level)
    case DigestFrames.Mark.reserved.rawValue where page == 0 && rawValue & 7 == 0:
      self = .reserved(level: level)
    case DigestFrames.Mark.missing.rawValue where page == 0 && rawValue & 7 == 0:
      self = .missing(level: level)
    default: return nil
    }
  }

  /// The level of the entry; nil where there is none.
  var level: Int? {
    switch self {
    case .nothing: nil
    case .page(_, _, let level), .reserved(let level), .missing(let level): level
    }
  }

  var rawValue: UInt64 {
    switch self {
    case .nothing: 0
    case .page(let page, let rights, let level):
      page.rawValue | UInt64(rights.rawValue) | UInt64(level) << 3
        | DigestFrames.Mark.page.rawValue
    case .reserved(let level): DigestFrames.Mark.reserved.rawValue | UInt64(level) << 3
    case .missing(let level): DigestFrames.Mark.missing.rawValue | UInt64(level) << 3
    }
  }
}
