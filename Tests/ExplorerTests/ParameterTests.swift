import Explorer
import Testing

/// What stands after the question mark and cannot be read is said, wherever it stands.
@Suite struct ParameterTests {
  /// A question that is refused, and what the page has to say of it.
  struct Refusal: CustomTestStringConvertible {
    var path = "/"
    let query: KeyValuePairs<String, String>
    let words: [String]

    var testDescription: String { path + "?" + query.map { "\($0)=\($1)" }.joined(separator: "&") }
  }

  private static func page(
    _ path: String, _ query: KeyValuePairs<String, String>
  ) throws -> (status: Int, text: String) {
    let page = try ExplorerTests.explorer().page(
      path, query: query.map { (name: $0.key, value: $0.value) })
    return (page.status, String(decoding: page.bytes, as: UTF8.self))
  }

  private static let refusals: [Refusal] = [
    Refusal(query: ["va": "zz"], words: ["va: `zz` is not a number", "va=0x7ffe0000"]),
    Refusal(query: ["va": ""], words: ["va: it has no value", "va=0x7ffe0000"]),
    Refusal(query: ["va": "4000f0"], words: ["va: `4000f0`", "write `0x4000f0`"]),
    Refusal(query: ["va": "0x1_0000_0000_0000_0000"], words: ["va: ", "does not fit 64 bits"]),
    Refusal(query: ["pa": "zz"], words: ["pa: `zz` is not a number", "pa=0x1000"]),
    Refusal(query: ["pa": "0x5000"], words: ["pa: who maps it is asked of /owners", "pa=0x1000"]),
    Refusal(query: ["pid": "7"], words: ["root: there is no `pid`; did you mean `root`?"]),
    Refusal(query: ["bit": "zz"], words: ["flip: there is no `bit`; did you mean `flip`?"]),
    Refusal(query: ["register": "CR0.WP"], words: ["did you mean `set`?", "set=CR0.WP"]),
    Refusal(query: ["VA": "0x1000"], words: ["there is no `VA`; did you mean `va`?"]),
    Refusal(query: ["frobnicate": "1"], words: ["there is no `frobnicate`; there are va (the"]),
    Refusal(query: ["": "1"], words: ["there is no ``; there are va"]),
    Refusal(
      query: ["va": "0x400000", "access": "jump", "as": "user"],
      words: ["access: there is no `jump`; there are walk, read, write", "access=write"]),
    Refusal(
      query: ["va": "0x400000", "access": "read", "as": "root"],
      words: ["as: there is no `root`; there are user, supervisor", "as=user"]),
    Refusal(query: ["access": "read", "as": "user"], words: ["va: an access is asked about"]),
    Refusal(
      query: ["va": "0x400000", "as": "user"], words: ["access: who makes an access is said"]),
    Refusal(
      query: ["va": "0x400000", "access": "shadow-stack-read", "as": "user"], words: ["access: "]),
    Refusal(query: ["root": "zz"], words: ["root: `zz` is not a number"]),
    Refusal(
      query: ["root": "0x9000"],
      words: ["root: no address space has the root register 0x9000; there are 0x1000"]),
    Refusal(query: ["set": "CR9.XX"], words: ["set: no register bit `CR9.XX`; there are CR0.WP"]),
    Refusal(query: ["set": "CR0.PG"], words: ["set: no register bit `CR0.PG`"]),
    Refusal(query: ["set": "CR0.WP", "set": "CR0.WP"], words: ["set: `CR0.WP` is said twice"]),
    Refusal(query: ["flip": "zz"], words: ["flip: `zz` is no bit of a word", "flip=0x1000.1"]),
    Refusal(query: ["flip": "0x4000.64"], words: ["the number 0 to 63"]),
    Refusal(query: ["flip": "zz.1"], words: ["flip: `zz` is not a number"]),
    Refusal(query: ["flip": "0xffff_ffff_ffff_ffff.8"], words: ["is beyond all memory"]),
    Refusal(query: ["flip": "0x40000000.1"], words: ["flip: the image does not hold 0x40000000"]),
    Refusal(
      query: ["in": "0x0..0xfff"], words: ["in: a part of the address space is asked of /map"]),
    Refusal(path: "/map", query: ["in": "0x2..0x1"], words: ["in: `0x2..0x1`", "in=0x400000.."]),
    Refusal(path: "/map", query: ["range": "zz"], words: ["did you mean `in`?"]),
    Refusal(path: "/map", query: ["va": "zz"], words: ["va: `zz` is not a number"]),
    Refusal(path: "/map", query: ["pa": "0x5000"], words: ["pa: who maps it is asked of /owners"]),
    Refusal(path: "/map", query: ["zoom": "2"], words: ["there is no `zoom`"]),
    Refusal(path: "/save", query: [:], words: ["va: it is not said"]),
    Refusal(path: "/save", query: ["va": "zz"], words: ["va: `zz` is not a number"]),
    Refusal(path: "/owners", query: [:], words: ["pa: it is not said", "pa=0x1000"]),
    Refusal(path: "/owners", query: ["pa": ""], words: ["pa: it has no value"]),
    Refusal(path: "/owners", query: ["pa": "zz"], words: ["pa: `zz` is not a number"]),
    Refusal(path: "/owners", query: ["pa": "1", "pa": "2"], words: ["pa: it is said twice"]),
    Refusal(path: "/owners", query: ["pa": "0x5000", "va": "zz"], words: ["va: `zz`"]),
    Refusal(
      path: "/owners", query: ["pa": "0x5000", "root": "0x9000"], words: ["root: no address"]),
  ]

  /// The page says what was wrong where a screen reader reads it out, with a value that would do.
  @Test(arguments: refusals) func whatCannotBeReadIsSaid(refusal: Refusal) throws {
    let (status, text) = try Self.page(refusal.path, refusal.query)
    #expect(status == 400)
    let alert = try #require(text.split(separator: "role=\"alert\"").dropFirst().first)
    let words = alert.split(separator: "</div>").first ?? ""
    for word in refusal.words { #expect(words.contains(word), "\(words)") }
    #expect(text.contains("<title>not answered: "))
  }

  /// What was typed is still there to be mended, and its field says that it is wrong.
  @Test func theFieldKeepsWhatWasTyped() throws {
    let address = try Self.page("/", ["va": "0x40zz", "access": "walk", "as": "user"]).text
    #expect(address.contains("name=\"va\" value=\"0x40zz\""))
    #expect(address.contains("aria-invalid=\"true\" aria-describedby=\"problems\""))
    let owners = try Self.page("/owners", ["pa": "5000zz"]).text
    #expect(owners.contains("name=\"pa\" value=\"5000zz\""))
    #expect(try !Self.page("/", ["va": "0x400000"]).text.contains("aria-invalid"))
  }

  /// What the forms and the links of the pages say is all read.
  @Test(arguments: [
    Refusal(query: ["va": "0x400000", "access": "walk", "as": "user"], words: []),
    Refusal(query: ["va": "0x40 0000", "access": "read", "as": "supervisor"], words: []),
    Refusal(
      query: ["va": "4M", "root": "0x1000", "set": "CR0.WP", "set": "CR4.SMEP"], words: []),
    Refusal(path: "/map", query: ["va": "0x400000", "access": "read", "as": "user"], words: []),
    Refusal(path: "/save", query: ["va": "0x400000", "flip": "0x5000.3"], words: []),
    Refusal(
      path: "/owners", query: ["va": "0x1", "access": "read", "as": "user", "pa": "5K"], words: []),
  ]) func whatCanBeReadIsAnswered(question: Refusal) throws {
    #expect(try Self.page(question.path, question.query).status == 200)
  }

  @Test func aFormIsDecodedAsAFormIs() {
    func items(_ text: String) -> [String] {
      FormQuery.items(text).map { "\($0.name)|\($0.value)" }
    }
    #expect(items("va=0x40+0000&access=walk") == ["va|0x40 0000", "access|walk"])
    #expect(items("set=CR0%2EWP&va") == ["set|CR0.WP", "va|"])
    #expect(items("va=%zz&=1&&a=b=c") == ["va|%zz", "|1", "a|b=c"])
    #expect(items("va=%2B1") == ["va|+1"])
    #expect(items("") == [])
  }
}
