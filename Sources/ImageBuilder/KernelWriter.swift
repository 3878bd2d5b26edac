import PhysicalMemory
import WindowsMemory

/// Writes at kernel addresses, into the frames that the builder gave to the kernel's structures.
struct KernelWriter {
  private let bytes: FrameBytes
  private let regions: [IntendedRule]
  let structures: WindowsStructures

  init(_ bytes: FrameBytes, _ regions: [IntendedRule], _ structures: WindowsStructures) {
    self.bytes = bytes
    self.regions = regions
    self.structures = structures
  }

  /// The physical address of a byte of the structures.
  func place(of address: UInt64) -> UInt64 {
    for region in regions {
      guard let index = region.index(holding: address) else { continue }
      return region.frame(index).rawValue + address % frameSize
    }
    preconditionFailure("the plan gave no memory to a structure")
  }

  /// Writes a little-endian number of `size` bytes, which may cross frames.
  func store(_ value: UInt64, at address: UInt64, size: Int) {
    store((0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }, at: address)
  }

  func store(_ data: [UInt8], at address: UInt64) {
    var offset = 0
    while offset < data.count {
      let target = address + UInt64(offset)
      let part = min(data.count - offset, Int(frameSize - target % frameSize))
      let place = bytes.makeOffset(of: place(of: target))
      bytes.mapping.store(Array(data[offset..<(offset + part)]), at: place)
      offset += part
    }
  }

  func store(pointer: UInt64, at address: UInt64) {
    store(pointer, at: address, size: structures.pointerSize)
  }

  /// Writes members of the structure at an address.
  func set(_ values: [MemberValue], of address: UInt64) {
    for (member, value) in values { set(member, of: address, to: value) }
  }

  /// Writes a member of the structure at an address; nothing where the kernel has no such member.
  func set(_ member: StructureMember?, of address: UInt64, to value: UInt64) {
    guard let member else { return }
    store(value, at: address + member.offset, size: min(member.size, 8))
  }
}
