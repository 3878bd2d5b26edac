/// The part of an index that says which entry leads to which table.
extension IndexBuilder {
  func write(
    _ tables: TableGraph, _ roots: [UInt32], _ graph: SortedGraph, _ shape: IndexShape,
    to base: UnsafeMutablePointer<UInt64>
  ) {
    let words = unsafe base + shape.start(.nodes)
    var hub = unsafe base + shape.start(.hubs)
    var crowd = unsafe base + shape.start(.crowds)
    let extra = unsafe base + shape.start(.edges)
    var extraCount = 0
    for number in 0..<tables.count {
      let edges = graph.edges(to: number)
      let sharers = UInt64(graph.sharers[number])
      unsafe words[number] = word(of: UInt32(number), tables, edges, sharers: sharers)
      if sharers >= NodeFields.sharers.mask {
        let fields = IndexLayout.CrowdFields.self
        unsafe crowd.pointee = fields.node.put(UInt64(number)) | fields.sharers.put(sharers)
        unsafe crowd += 1
      }
      guard edges.count > 1 else { continue }
      let fields = IndexLayout.HubFields.self
      unsafe hub.pointee = fields.node.put(UInt64(number)) | fields.edge.put(UInt64(extraCount))
      unsafe hub += 1
      for edge in edges.dropFirst() {
        unsafe extra[extraCount] = word(of: edge)
        extraCount += 1
      }
    }
    let tops = unsafe base + shape.start(.roots)
    for (number, root) in roots.enumerated() {
      unsafe tops[number * 2] = UInt64(root)
      unsafe tops[number * 2 + 1] = tables.keys[Int(root)]
    }
  }

  private typealias NodeFields = IndexLayout.NodeFields

  private func word(
    of number: UInt32, _ tables: TableGraph, _ edges: ArraySlice<TableGraph.Edge>, sharers: UInt64
  ) -> UInt64 {
    let itself = TableGraph.Edge(
      child: number, parent: number, index: 0, isFirst: false, isRepeat: false)
    return word(of: edges.first ?? itself)
      | NodeFields.level.put(UInt64(tables.level(number)))
      | NodeFields.pageShift.put(UInt64(tables.pageShifts[Int(number)]))
      | NodeFields.isHub.put(edges.count > 1 ? 1 : 0)
      | NodeFields.sharers.put(min(sharers, NodeFields.sharers.mask))
  }

  private func word(of edge: TableGraph.Edge) -> UInt64 {
    let fields = IndexLayout.EdgeFields.self
    return fields.index.put(UInt64(edge.index)) | fields.node.put(UInt64(edge.parent))
      | fields.isFirst.put(edge.isFirst ? 1 : 0) | fields.isRepeat.put(edge.isRepeat ? 1 : 0)
  }
}
