/// The header fields of a request (RFC 9112, 5).
struct RequestFields {
  /// A field, as its line has it.
  struct Field {
    let name: String
    let value: String
  }

  let list: [Field]

  /// Reads lines without their ends; nil where one of them is no field: what has no name, or one with a
  /// blank in it or before it, each reader takes for something else.
  init?(_ lines: some Sequence<some Collection<UInt8>>) {
    var list: [Field] = []
    for line in lines {
      let name = line.prefix { $0 != UInt8(ascii: ":") }
      let value = line.dropFirst(name.count + 1)
      guard name.count < line.count, !name.isEmpty, name.allSatisfy(\.isOfToken),
        value.allSatisfy(\.isOfValue)
      else { return nil }
      list.append(
        Field(
          name: String(decoding: name, as: UTF8.self),
          value: String(decoding: value, as: UTF8.self).trimmed))
    }
    self.list = list
  }

  /// The values of a name, of as many lines as have it.
  func values(_ name: String) -> [String] {
    list.filter { $0.name.lowercased() == name }.map(\.value)
  }

  private func members(_ name: String) -> [String] {
    values(name).flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
      .map { String($0).trimmed }
  }

  /// Why it cannot be said for whom the request is, or where it ends; nil where it can.
  func problem(isHostNeeded: Bool) -> String? {
    let hosts = values("host").count
    guard hosts == 1 || hosts == 0 && !isHostNeeded else {
      return "a request has the field Host once, and this one \(hosts) times"
    }
    let (lengths, codings) = (members("content-length"), members("transfer-encoding"))
    guard Set(lengths).count < 2, lengths.allSatisfy(\.isNumber) else {
      return "a request has one Content-Length, a number"
    }
    guard codings.isEmpty || lengths.isEmpty && codings.last?.lowercased() == "chunked" else {
      return "where the content of the request ends is not said"
    }
    return nil
  }

  /// Whether content follows, or would if it were asked for.
  var announcesContent: Bool {
    !values("transfer-encoding").isEmpty || members("content-length").contains { $0 != "0" }
  }

  /// The fields for whoever answers: content changes no answer of ours (RFC 9110, 9.3.1), nor is it asked for.
  func passedOn(without more: Set<String>) -> [Field] {
    let left = more.union(["content-length", "transfer-encoding", "expect"])
    return list.filter { !left.contains($0.name.lowercased()) }
  }
}

extension UInt8 {
  /// Whether a name may have it (RFC 9110, 5.6.2).
  fileprivate var isOfToken: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(self)
    }
  }

  /// Whether a value may have it (RFC 9110, 5.5).
  fileprivate var isOfValue: Bool { self == UInt8(ascii: "\t") || self >= 0x20 && self != 0x7f }
}

extension String {
  fileprivate var isNumber: Bool {
    !isEmpty && utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  fileprivate var trimmed: String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
