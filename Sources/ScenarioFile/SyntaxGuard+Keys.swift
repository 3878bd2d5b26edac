extension SyntaxGuard {
  /// Remembers that a key may start here.
  ///
  /// False where libyaml misses the `:` of the place before.
  mutating func noteKey() -> Bool {
    guard isKeyAllowed else { return true }
    guard forgetKey() else { return false }
    keys[keys.count - 1] = SimpleKey(
      isPossible: true, isRequired: flows.isEmpty && indent == column, start: position, line: line,
      column: column)
    return true
  }

  mutating func forgetKey() -> Bool {
    let key = keys[keys.count - 1]
    keys[keys.count - 1].isPossible = false
    return !(key.isPossible && key.isRequired)
  }

  /// A key ends on its line and within 1024 characters.
  mutating func forgetStaleKeys() -> Bool {
    for index in keys.indices where keys[index].isPossible {
      let key = keys[index]
      guard key.line < line || characters(from: key.start, moreThan: 1024) else { continue }
      if key.isRequired { return false }
      keys[index].isPossible = false
    }
    return true
  }

  /// Refuses a second key of the same text at its own place; the YAML parser knows only the mapping.
  mutating func noteKeyText(_ text: ArraySlice<UInt8>, at key: SimpleKey) throws(Diagnostic) {
    var name = text
    if let quote = text.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
      name = text.dropFirst().dropLast()
    }
    let isNew: Bool
    if flows.isEmpty {
      guard let last = blocks.indices.last, blocks[last].isMapping else { return }
      if last == 0 { steps.noteRootKey(name, startOfLine: key.start - key.column) }
      isNew = blocks[last].seen.insert(name).inserted
    } else {
      guard flows[flows.count - 1].isMapping else { return }
      isNew = flows[flows.count - 1].seen.insert(name).inserted
    }
    guard isNew else {
      let shown = Diagnostic.quote(String(decoding: name, as: UTF8.self))
      throw Diagnostic(
        .duplicateKey, "the key \(shown) is already in this mapping", at: mark(at: key.start))
    }
  }

  // MARK: - Blocks

  var isFlow: Bool { !flows.isEmpty }

  var indent: Int { blocks.last?.column ?? -1 }

  mutating func openBlock(at column: Int, isMapping: Bool) throws(Diagnostic) {
    guard flows.isEmpty, indent < column else { return }
    blocks.append(Frame(column: column, isMapping: isMapping))
    try checkDepth()
    try countNode()
  }

  mutating func closeBlocks(from column: Int) {
    guard flows.isEmpty else { return }
    while indent > column { blocks.removeLast() }
  }

  func checkDepth() throws(Diagnostic) {
    guard blocks.count + flows.count > Self.maximumDepth else { return }
    throw Diagnostic(
      .nestedTooDeeply, "lists and mappings are nested more than \(Self.maximumDepth) deep",
      at: mark())
  }

  mutating func countNode() throws(Diagnostic) {
    if steps.isOpen { stepNodes += 1 } else { nodes += 1 }
    steps.nodesOfPart += steps.isOpen ? 1 : 0
    guard max(nodes, stepNodes) > limits.nodes else { return }
    throw Diagnostic(
      .tooManyNodes,
      "more than \(limits.nodes) keys and values" + (steps.isOpen ? " in one step" : ""),
      at: mark(),
      notes: ["bulk layouts and contents are written as rules: ranges, `fill`, `random`"])
  }

  /// A `-` was met: it may begin a step of the timeline, whose list is the only one right below the root.
  mutating func noteStep() throws(Diagnostic) {
    guard steps.isTimeline, let root = blocks.first,
      blocks.count == 2 && !blocks[1].isMapping || blocks.count == 1 && root.column == column
    else { return }
    stepNodes = 0
    steps.begin(at: startOfLine, line: line, nodes: limits.part)
    guard steps.count > limits.steps else { return }
    throw Diagnostic(
      .tooManyNodes, "more than \(limits.steps) steps", at: mark(),
      notes: ["`count`, `stride` and `seed` make one step of many accesses"])
  }

  private func characters(from start: Int, moreThan limit: Int) -> Bool {
    let distance = position - start
    guard distance > limit, distance <= 4 * limit else { return distance > limit }
    return bytes[start..<min(position, bytes.count)].count { $0 & 0xc0 != 0x80 } > limit
  }
}
