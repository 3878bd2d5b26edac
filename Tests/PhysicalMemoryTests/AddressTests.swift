import PhysicalMemory
import Testing

/// Addresses within the space that a mode has.
@Suite struct AddressTests {
  @Test func anElementIsWithinAllAddressesOrNowhere() {
    let array = VirtualAddress(0xffff_f000)
    #expect(array.element(0, size: 32, within: 0xffff_ffff) == array)
    #expect(array.element(127, size: 32, within: 0xffff_ffff)?.rawValue == 0xffff_ffe0)
    // The first beyond, one that is there in part, and those whose place or sum would wrap.
    for (index, size) in [(128, 32), (85, 48), (1 << 60, 32), (1 << 59, 32)] as [(UInt64, UInt64)] {
      #expect(array.element(index, size: size, within: 0xffff_ffff) == nil)
    }
    let high = VirtualAddress(UInt64.max - 0xfff)
    #expect(high.element(63, size: 64, within: .max)?.rawValue == UInt64.max - 63)
    #expect(high.element(64, size: 64, within: .max) == nil)
  }
}
