/// What is to be written where: a member of a structure and its value.
package typealias MemberValue = (member: StructureMember, value: UInt64)

/// What a virtual address descriptor is to say.
package struct VADContent: Sendable {
  /// The numbers of the first and of the last page.
  package var pages: ClosedRange<UInt64>
  /// The flags.
  package var words: VADWords
  /// What a view shows; nil of private memory.
  package var view: View?

  /// What a view shows.
  package struct View: Sendable {
    package var controlArea: UInt64
    package var subsection: UInt64
    /// The prototype entries of the first page, and of the last that follows without a gap.
    package var prototypes: (first: UInt64, last: UInt64)?

    package init(controlArea: UInt64, subsection: UInt64, prototypes: (UInt64, UInt64)?) {
      self.controlArea = controlArea
      self.subsection = subsection
      self.prototypes = prototypes
    }
  }

  package init(pages: ClosedRange<UInt64>, words: VADWords, view: View? = nil) {
    self.pages = pages
    self.words = words
    self.view = view
  }
}

extension VADStructure {
  /// The members of a descriptor, without its place in the tree.
  package func values(_ content: VADContent) -> [MemberValue] {
    let (first, last) = (content.pages.lowerBound, content.pages.upperBound)
    var values: [(StructureMember?, UInt64)] = [
      // Where the high bits have a byte of their own, the rest has four bytes.
      (startingVpn, first), (endingVpn, last),
      (startingVpnHigh, first >> 32), (endingVpnHigh, last >> 32),
      (flags, content.words.flags), (flags1, content.words.flags1),
    ]
    if let view = content.view {
      values += [(controlArea, view.controlArea), (subsection, view.subsection)]
      if let prototypes = view.prototypes {
        values += [(firstPrototypePte, prototypes.first), (lastContiguousPte, prototypes.last)]
      }
    }
    return values.compactMap { member, value in member.map { ($0, value) } }
  }

  /// The members that say the place of a descriptor in the tree.
  package func links(_ node: BalancedTree.Node, of addresses: [UInt64], _ kernel: WindowsKernel)
    -> [MemberValue]
  {
    func address(_ index: Int?) -> UInt64 { index.map { addresses[$0] } ?? 0 }
    return links(
      left: address(node.left), right: address(node.right), parent: address(node.parent),
      balance: node.balance, kernel)
  }

  /// The same, by the addresses of the descriptors around it; 0 where there is none.
  ///
  /// `balance` is how many levels more the right side has than the left.
  package func links(
    left: UInt64, right: UInt64, parent: UInt64, balance: Int, _ kernel: WindowsKernel
  ) -> [MemberValue] {
    // 3 (-1) of a node with a deeper left side.
    let bits = UInt64(bitPattern: Int64(balance)) & 3
    let above = parent | (kernel.id.build >= Self.firstBuildWithBalance ? bits : 0)
    return [(leftChild, left), (rightChild, right), (self.parent, above)]
  }

  /// XP has a pointer and nothing else where later kernels keep the balance in its lowest bits.
  private static let firstBuildWithBalance = 3790
}

/// The shape of a balanced tree of nodes in ascending order.
package struct BalancedTree: Sendable {
  /// A node, by the indices of those around it.
  package struct Node: Sendable {
    package var left: Int?
    package var right: Int?
    package var parent: Int?
    /// How many levels more the right side has than the left: -1, 0 or 1.
    package var balance = 0
  }

  package private(set) var nodes: [Node]
  /// The topmost node; nil where there is none.
  package private(set) var root: Int?

  package init(count: Int) {
    nodes = Array(repeating: Node(), count: count)
    root = build(0..<count, below: nil).node
  }

  private mutating func build(_ range: Range<Int>, below parent: Int?) -> (node: Int?, height: Int)
  {
    guard !range.isEmpty else { return (nil, 0) }
    let middle = range.lowerBound + range.count / 2
    let left = build(range.lowerBound..<middle, below: middle)
    let right = build((middle + 1)..<range.upperBound, below: middle)
    nodes[middle] = Node(
      left: left.node, right: right.node, parent: parent,
      balance: right.height - left.height)
    return (middle, max(left.height, right.height) + 1)
  }
}

extension SubsectionStructure {
  /// The members of a subsection.
  package func values(
    controlArea: UInt64, base: UInt64?, next: UInt64, entryCount: UInt64, startingSector: UInt64,
    fullSectors: UInt64, protection: MMProtection
  ) -> [MemberValue] {
    let bits = self.protection.map { UInt64(protection.rawValue) << $0.offset } ?? 0
    return [
      (self.controlArea, controlArea), (subsectionBase, base ?? 0), (nextSubsection, next),
      (ptesInSubsection, entryCount), (self.startingSector, startingSector),
      (numberOfFullSectors, fullSectors), (flags, bits),
    ]
  }
}

extension ControlAreaStructure {
  /// The members of a control area: of a file with its object, or of the page file.
  package func values(isImage: Bool, fileObject: UInt64?) -> [MemberValue] {
    let file: UInt64 = fileObject == nil ? 0 : 1 << self.file.offset
    let flags: UInt64 = (isImage ? 1 << image.offset : 0) | file
    return [(self.flags, flags)] + (fileObject.map { [(filePointer, $0)] } ?? [])
  }
}

extension ProcessStructure {
  /// The members of a record beside its links and its name.
  package func values(
    pid: UInt64, root: UInt64, userRoot: UInt64, vadRoot: UInt64
  ) -> [MemberValue] {
    let values: [(StructureMember?, UInt64)] = [
      (directoryTableBase, root), (userDirectoryTableBase, userRoot), (uniqueProcessId, pid),
      (vadTree, vadRoot),
    ]
    return values.compactMap { member, value in member.map { ($0, value) } }
  }
}
