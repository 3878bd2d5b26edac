import ScenarioFile
import TestSupport
import Testing
import Yams

/// The guard decides as libyaml does what is a token and what is text.
@Suite struct SyntaxGuardTests {
  @Test(arguments: [
    "a: \"&x *y !z\"\n", "a: '&x *y !z'\n", "a: b & c * d ! e\n", "a: b&c\n", "a: b\n  &c\n  *d\n",
    "a: |\n  &x\n  *y\n  [[[\n", "a: >-\n  &x\n\n  *y\n", "- |2\n    &x\n   *y\n",
    "a: 'it''s &x'\n",
    "a: \"\\\" &x\"\n", "a: \"one\\\n  &two\"\n", "# &x *y\na: b # &c\n", "a: [b &c, 'd'] # &e\n",
    "a: {b: c*d}\n", "a:\n  - |\n    *x\n  - b\n", "a: |\n\n\n  &x\nb: c\n", "a: x\n\n  &y\n",
    "a: [b\n  &c]\n", "--- \na: b\n...\n", "a: |-\n  ---\n", "'&a': b\n",
    "a: 7:5\nb: x-64\nc: -1\n", "a: |+1\n *x\n",
  ])
  func indicatorsInsideTextAreText(text: String) throws {
    var syntax = SyntaxGuard(bytes: Array(text.utf8))
    #expect(throws: Never.self) { try syntax.run() }
    #expect(syntax.isComplete)
    #expect(throws: Never.self) { try Yams.compose(yaml: text) }
  }

  @Test(arguments: [
    ("a: &x b\n", "E0108 1:4"), ("a: *x\n", "E0108 1:4"), ("- &x\n", "E0108 1:3"),
    ("é: [é, *x]\n", "E0108 1:8"), ("a: !t b\n", "E0109 1:4"), ("! a\n", "E0109 1:1"),
    ("a: \"b\" &c\n", "E0108 1:8"), ("a: |\n  x\n&y\n", "E0108 3:1"),
    ("a: b\n&c d: e\n", "E0108 2:1"),
    ("{a: b, a: c}\n", "E0105 1:8"), ("a: 1\nb:\n  a: 2\na: 3\n", "E0105 4:1"),
    ("a: 1\n\"a\": 2\n", "E0105 2:1"), ("- a: 1\n- a: 2\n  a: 3\n", "E0105 3:3"),
    ("a:\n- b: 1\n- b: 2\na: 3\n", "E0105 4:1"), ("\"\\x61\": 1\na: 2\n", "E0105 1:1"),
  ])
  func indicatorsOutsideTextAreRefusedAtTheirPlace(text: String, fault: String) {
    #expect(Fixture.faults(text) == [fault])
  }

  /// Random texts over YAML's own characters: what the guard passes has no anchor and no tag for
  /// libyaml either, and where the guard stops libyaml reports an error.
  @Test func guardAndParserAgreeOnRandomTexts() {
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    let parts = [
      "a", "b", ": ", ":", "- ", "-", "\n", "\n", "\n  ", "\n    ", " ", "  ", "[", "]", "{", "}",
      ", ",
      ",", "&x ", "*x", "!t ", "'", "\"", "\\", "|\n", ">\n", "|2-\n", "#", " # ", "? ", "---",
      "\n---\n",
      "\n...\n", "%", "é", "\t", "\r\n", "a: ", "b: ", "- a: ", "''", "k", "<", ">", "|", "@", "`",
    ]
    var passed = 0
    for round in 0..<40_000 {
      let count = Int.random(in: 1...24, using: &random)
      let text = (0..<count).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
      var syntax = SyntaxGuard(bytes: Array(text.utf8))
      do throws(Diagnostic) {
        try syntax.run()
      } catch {
        continue
      }
      do {
        let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
        let node = try parser.singleRoot()
        passed += 1
        #expect(syntax.isComplete, "seed \(seed) round \(round): \(text.debugDescription)")
        #expect(
          node.map(Self.isPlain) ?? true, "seed \(seed) round \(round): \(text.debugDescription)")
        withExtendedLifetime(parser) {}
      } catch {
        // libyaml refuses the text, which is all the same to us.
      }
    }
    #expect(passed > 100, "seed \(seed): the texts must not all be refused")
  }

  /// Whether a node has no anchor and no tag but those that hashing a key resolves.
  private static func isPlain(_ node: Node) -> Bool {
    guard node.anchor == nil else { return false }
    switch node {
    case .scalar(let scalar): return isImplicit(scalar.tag, "str")
    case .sequence(let items): return isImplicit(items.tag, "seq") && items.allSatisfy(isPlain)
    case .mapping(let pairs):
      return isImplicit(pairs.tag, "map")
        && pairs.allSatisfy { isPlain($0.key) && isPlain($0.value) }
    case .alias: return false
    }
  }

  private static func isImplicit(_ tag: Yams.Tag, _ kind: String) -> Bool {
    tag.rawValue.isEmpty || tag.rawValue == "tag:yaml.org,2002:\(kind)"
  }
}
