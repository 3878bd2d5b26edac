public import DumpFormats
public import Machine
import Paging
public import PhysicalMemory

/// Builds an index: all entries of all address spaces that map a page, by the frame that they map.
///
/// The tables are read twice, first to count and then to put every page where it belongs in the file.
/// So the index never is in memory as a whole: memory holds the tables' numbers, and the system writes the
/// file as it fills.
///
/// An image whose tables have hardly any pages would have more than 16 bytes a mapping that way. The mappings
/// are then listed one by one, so that no index takes more than that, and 256 bytes for its header; the one
/// bound of this is in the article about the module.
public struct IndexBuilder {
  /// What an index is made of.
  package enum Form {
    case graph, list
  }

  let machine: Machine
  let key: IndexKey
  /// What the index is to be, however large; nil for what the law of its size asks for.
  let form: Form?
  let interest: Interest

  /// Prepares the index of a machine.
  ///
  /// - Parameters:
  ///   - machine: the machine.
  ///   - key: goes into the index.
  ///   - isWanted: is asked at every table; once it is false, the index is given up.
  public init(
    _ machine: Machine, key: IndexKey = IndexKey(high: 0, low: 0),
    isWanted: @escaping @Sendable () -> Bool = { true }
  ) {
    self.init(machine, key: key, form: nil, isWanted: isWanted)
  }

  /// Prepares an index of the one form or the other.
  package init(
    _ machine: Machine, key: IndexKey, form: Form?,
    isWanted: @escaping @Sendable () -> Bool = { true }
  ) {
    self.machine = machine
    self.key = key
    self.form = form
    interest = Interest(isWanted)
  }

  /// Builds the index into a file that was just begun.
  ///
  /// - Returns: the bytes of the index.
  /// - Throws: `ReverseMapError`; `unwanted` where nobody wants the index any more.
  public func build(into file: OutputFile) throws(ReverseMapError) -> ByteMapping {
    let software = machine.addressSpaces.compactMap(machine.windowsPages)
    return software.isEmpty
      ? try build(into: file, machine.addressSpaces.map { _ in NoSoftwarePages() })
      : try build(into: file, software)
  }

  /// The same with what finds the pages of each address space that the processor does not see.
  private func build<Software: SoftwarePages>(
    into file: OutputFile, _ software: [Software]
  ) throws(ReverseMapError) -> ByteMapping {
    guard let counting = count(PageBuckets(memoryEnd: memoryEnd), software) else {
      throw .imageChanged
    }
    try checkInterest()
    guard counting.graph.count <= UInt32.max, counting.graph.edges.count <= UInt32.max else {
      throw .tooManyTables(UInt64(counting.graph.edges.count))
    }
    let views = try count(viewsOf: software)
    let graph = SortedGraph(counting.graph)
    try checkInterest()
    let buckets = counting.buckets.open()
    let shape = IndexShape(
      directory: UInt64(buckets.count) + 1, nodes: UInt64(counting.graph.count),
      crowds: UInt64(graph.crowdCount), hubs: UInt64(graph.hubCount),
      edges: UInt64(graph.extraCount), roots: UInt64(counting.roots.count),
      pages: buckets.nearCount, regions: UInt64(buckets.regions.count), far: buckets.farCount,
      views: views, bucketShift: buckets.shift, key: key)
    let bytes: ByteMapping
    do { bytes = try file.mapped(adding: shape.fileSize) } catch { throw .file(error) }
    let isWhole = unsafe bytes.fill { raw in
      let words = unsafe raw.bindMemory(to: UInt64.self)
      guard let base = words.baseAddress else { return false }
      unsafe write(counting.graph, counting.roots, graph, shape, to: base)
      guard unsafe place(counting, buckets, shape, software, into: base),
        unsafe place(viewsOf: software, shape, into: base)
      else { return false }
      unsafe seal(base, shape)
      return true
    }
    // What was given up has pages that are not in their places.
    try checkInterest()
    guard isWhole else { throw .imageChanged }
    guard let list = try list(insteadOf: bytes, shape, counting.graph, graph) else { return bytes }
    return try write(list, into: file)
  }

  func checkInterest() throws(ReverseMapError) {
    guard interest.lasts else { throw .unwanted }
  }

  /// Where memory ends, as far as buckets cover it.
  private var memoryEnd: UInt64 {
    machine.memory.runs.last.map { min($0.last.rawValue, UInt64.max - 1) + 1 } ?? 0
  }

  private func count<Software: SoftwarePages>(
    _ buckets: PageBuckets, _ software: [Software]
  ) -> CountingVisitor<Software>? {
    guard let first = software.first else { return nil }
    var operation = ScanOperation(
      visitor: CountingVisitor(
        graph: TableGraph(machine.paging.mode), buckets: buckets, software: first,
        interest: interest))
    for (space, software) in zip(machine.addressSpaces, software) {
      let isFirst = operation.visitor.roots.isEmpty
      operation.visitor.software = software
      machine.paging(of: space).perform(&operation, on: machine.memory)
      if isFirst { operation.visitor.graph.endFirstSpace() }
    }
    return operation.visitor
  }

  /// Puts every page in its place; false where there are not as many as had been counted.
  private func place<Software: SoftwarePages>(
    _ counting: CountingVisitor<Software>, _ buckets: OpenBuckets, _ shape: IndexShape,
    _ software: [Software], into base: UnsafeMutablePointer<UInt64>
  ) -> Bool {
    let pages = unsafe base + shape.start(.pages)
    let far = unsafe base + shape.start(.far)
    let directory = unsafe base + shape.start(.directory)
    for (number, start) in buckets.starts.enumerated() { unsafe directory[number] = start }
    let regions = unsafe base + shape.start(.regions)
    for (number, region) in buckets.regions.enumerated() {
      unsafe regions[number * 2] = region.region
      unsafe regions[number * 2 + 1] = region.start
    }
    var operation = ScanOperation(
      visitor: PlacingVisitor(
        numbers: counting.graph.numbers, places: unsafe buckets.places(pages: pages, far: far),
        software: counting.software, interest: interest))
    for (space, software) in zip(machine.addressSpaces, software) {
      operation.visitor.software = software
      machine.paging(of: space).perform(&operation, on: machine.memory)
    }
    guard !operation.visitor.isStrange, !operation.visitor.places.isOverfull, buckets.isFull else {
      return false
    }
    unsafe sort(pages, buckets.starts, bits: buckets.shift)
    unsafe sort(
      far, buckets.regions.map(\.start) + [buckets.farCount], bits: IndexLayout.regionShift)
    return true
  }

  /// Sorts the pages of each stretch of memory; `bits` is the size of a stretch as a power of 2.
  private func sort(_ pages: UnsafeMutablePointer<UInt64>, _ starts: [UInt64], bits: UInt64) {
    var sort = BucketSort(frameBits: bits - frameShift)
    for (start, end) in zip(starts, starts.dropFirst()) where interest.lasts {
      unsafe sort.sort(pages + Int(start), count: Int(end - start))
    }
  }

  /// Puts the pages of views in their places; false where there are not as many as had been counted.
  private func place(
    viewsOf software: [some SoftwarePages], _ shape: IndexShape,
    into base: UnsafeMutablePointer<UInt64>
  ) -> Bool {
    guard shape.views > 0 else { return true }
    let words = unsafe base + shape.start(.views)
    let end = shape.count(.views)
    var next = 0
    var steps = 0
    var isOverfull = false
    for (space, software) in software.enumerated() {
      _ = software.views(steps: &steps) { address, page in
        guard next < end else {
          isOverfull = true
          return
        }
        unsafe words[next] =
          IndexLayout.ViewFields.frame.put(page.rawValue / frameSize)
          | IndexLayout.ViewFields.space.put(UInt64(space))
        unsafe words[next + 1] = address.rawValue / frameSize
        next += 2
      }
    }
    guard next == end, !isOverfull else { return false }
    unsafe BucketSort.sortPairs(words, count: end / 2)
    return true
  }

  /// Writes the checksums of the blocks, and the header with its own.
  func seal(_ base: UnsafeMutablePointer<UInt64>, _ shape: IndexShape) {
    let bytes = unsafe UnsafeRawBufferPointer(start: base, count: Int(shape.fileSize))
    for block in 0..<shape.blockCount where interest.lasts {
      unsafe base[shape.checksumsStart + block] =
        unsafe IndexHash.checksum(
          UnsafeRawBufferPointer(rebasing: bytes[shape.range(ofBlock: block)]).bytes)
    }
    for field in IndexLayout.Header.allCases { unsafe base[field.rawValue] = shape.word(field) }
    unsafe base[IndexLayout.Header.checksum.rawValue] =
      unsafe shape.headerChecksum(UnsafeRawBufferPointer(rebasing: bytes[..<shape.dataStart]).bytes)
  }
}
