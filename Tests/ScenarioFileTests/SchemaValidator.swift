import Yams

/// As much of JSON Schema as the published schema uses; a keyword it does not know is a fault.
struct SchemaValidator {
  let root: [String: Any]

  /// Where a document breaks the schema, as paths with the keyword that is broken.
  func faults(_ node: Node) -> [String] { faults(node, root, path: "") }

  private func faults(_ node: Node, _ schema: [String: Any], path: String) -> [String] {
    schema.keys.sorted().flatMap { keyword -> [String] in
      let value = schema[keyword]
      let fault = ["\(path): \(keyword)"]
      switch keyword {
      case "$schema", "$defs", "title", "description": return []
      case "$ref":
        let name = (value as? String ?? "").dropFirst("#/$defs/".count)
        let definitions = root["$defs"] as? [String: [String: Any]]
        return definitions?[String(name)].map { faults(node, $0, path: path) } ?? fault
      case "type":
        let types = value as? [String] ?? [value as? String ?? ""]
        return types.contains { has(node, type: $0) } ? [] : fault
      case "enum":
        return (value as? [Any] ?? []).contains { "\($0)" == node.scalar?.string } ? [] : fault
      case "const": return value.map { "\($0)" } == node.scalar?.string ? [] : fault
      case "pattern": return matches(node.scalar?.string, value as? String) ? [] : fault
      case "minimum": return bound(node, value, >=) ? [] : fault
      case "maximum": return bound(node, value, <=) ? [] : fault
      case "anyOf", "oneOf", "allOf":
        let all = (value as? [[String: Any]] ?? []).map { faults(node, $0, path: path) }
        let good = all.count(where: \.isEmpty)
        switch keyword {
        case "anyOf": return good > 0 ? [] : fault + all.flatMap(\.self)
        case "oneOf": return good == 1 ? [] : fault
        default: return all.flatMap(\.self)
        }
      default: return collectionFaults(node, keyword, schema, path: path)
      }
    }
  }

  private func collectionFaults(
    _ node: Node, _ keyword: String, _ schema: [String: Any], path: String
  ) -> [String] {
    let value = schema[keyword]
    let fault = ["\(path): \(keyword)"]
    let pairs = node.mapping.map { $0.map { (key: $0.key.string ?? "", value: $0.value) } } ?? []
    let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
    switch keyword {
    case "properties":
      return pairs.flatMap { pair in
        properties[pair.key].map { faults(pair.value, $0, path: path + "/" + pair.key) } ?? []
      }
    case "additionalProperties":
      let others = pairs.filter { properties[$0.key] == nil }
      if let schema = value as? [String: Any] {
        return others.flatMap { faults($0.value, schema, path: path + "/" + $0.key) }
      }
      return others.map { "\(path)/\($0.key): \(keyword)" }
    case "propertyNames":
      let names = value as? [String: Any] ?? [:]
      return pairs.flatMap { faults(Node($0.key), names, path: path + "/" + $0.key) }
    case "required":
      let present = Set(pairs.map(\.key))
      return (value as? [String] ?? []).allSatisfy(present.contains) ? [] : fault
    case "items":
      let items = node.sequence.map { Array($0) } ?? []
      let schema = value as? [String: Any] ?? [:]
      return items.enumerated().flatMap { faults($1, schema, path: "\(path)/\($0)") }
    case "minItems": return node.sequence?.count ?? 1 >= value as? Int ?? 0 ? [] : fault
    case "minProperties": return pairs.count >= value as? Int ?? 0 ? [] : fault
    default: return ["\(path): unknown keyword \(keyword)"]
    }
  }

  /// Types as YAML 1.2 resolves plain scalars; editors do the same.
  private func has(_ node: Node, type: String) -> Bool {
    switch type {
    case "object": return node.mapping != nil
    case "array": return node.sequence != nil
    case "boolean":
      return node.scalar?.style == .plain && ["true", "false"].contains(node.scalar?.string)
    case "integer": return integer(node) != nil
    case "string":
      return node.scalar != nil && integer(node) == nil && !has(node, type: "boolean")
        && node.scalar?.string != ""
    default: return false
    }
  }

  private func integer(_ node: Node) -> UInt64? {
    guard let scalar = node.scalar, scalar.style == .plain else { return nil }
    if scalar.string.hasPrefix("0x") { return UInt64(scalar.string.dropFirst(2), radix: 16) }
    return UInt64(scalar.string)
  }

  private func bound(_ node: Node, _ value: Any?, _ compare: (UInt64, UInt64) -> Bool) -> Bool {
    guard let number = integer(node) else { return true }
    return compare(number, UInt64(value as? Int ?? 0))
  }

  private func matches(_ text: String?, _ pattern: String?) -> Bool {
    guard let text, let pattern, let regex = try? Regex(pattern) else { return false }
    return (try? regex.firstMatch(in: text)) != nil
  }
}
