/// JSON, member by member, in the order of the calls: one object a line.
///
/// No tree is built. A comma is due unless the byte before opened an object or an array, so nothing
/// has to be remembered either.
extension TextBuffer {
  /// Opens an object.
  public mutating func openObject() { write("{") }

  /// Closes an object.
  public mutating func closeObject() { write("}") }

  /// Closes the object that makes up the line.
  public mutating func closeLine() {
    closeObject()
    endLine()
  }

  /// Opens an array as a member.
  public mutating func openArray(_ key: String) {
    self.key(key)
    write("[")
  }

  /// Closes an array.
  public mutating func closeArray() { write("]") }

  /// Opens an object as an element of an array.
  public mutating func openElement() {
    separate()
    openObject()
  }

  /// Opens an object as a member.
  public mutating func openObject(_ key: String) {
    self.key(key)
    openObject()
  }

  /// A member whose value is a number as text: `"0x1000"`.
  public mutating func member(_ key: String, hex number: UInt64) {
    self.key(key)
    write("\"")
    hex(number)
    write("\"")
  }

  /// A member whose value is a number.
  public mutating func member(_ key: String, _ number: UInt64) {
    self.key(key)
    decimal(number)
  }

  /// A member whose value is true or false.
  public mutating func member(_ key: String, _ flag: Bool) {
    self.key(key)
    write(flag ? "true" : "false")
  }

  /// A member whose value is text.
  public mutating func member(_ key: String, _ text: String) {
    self.key(key)
    string(text)
  }

  /// A member whose value is an array of texts.
  public mutating func member(_ key: String, _ texts: [String]) {
    openArray(key)
    for text in texts { element(text) }
    closeArray()
  }

  /// An element of an array that is text.
  public mutating func element(_ text: String) {
    separate()
    string(text)
  }

  /// An element of an array that is a number.
  public mutating func element(_ number: UInt64) {
    separate()
    decimal(number)
  }

  /// An element of an array that says that there is nothing to say.
  public mutating func elementNull() {
    separate()
    write("null")
  }

  private mutating func key(_ key: String) {
    separate()
    write("\"")
    write(key)
    write("\":")
  }

  private mutating func separate() {
    guard let last = bytes.last, last != 0x7b, last != 0x5b else { return }
    write(",")
  }

  /// Text in quotation marks, escaped where JSON wants it (RFC 8259, section 7).
  private mutating func string(_ text: String) {
    write("\"")
    for byte in text.utf8 {
      switch byte {
      case 0x22: write("\\\"")
      case 0x5c: write("\\\\")
      case 0x0a: write("\\n")
      case 0x09: write("\\t")
      case 0x0d: write("\\r")
      case 0..<0x20, 0x7f:
        write("\\u00")
        write(Self.hexDigit(byte >> 4))
        write(Self.hexDigit(byte & 15))
      default: write(Unicode.Scalar(byte))
      }
    }
    write("\"")
  }

  private static func hexDigit(_ digit: UInt8) -> Unicode.Scalar {
    Unicode.Scalar(digit < 10 ? 0x30 + digit : 0x57 + digit)
  }
}
