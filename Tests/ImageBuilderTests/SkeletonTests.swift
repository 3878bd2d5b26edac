import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Testing
import WindowsMemory

/// What programs look for that know no kernel, read from built images step by step as they do it.
///
/// The numbers here are those of MemProcFS's search, not the builder's.
@Suite struct SkeletonTests {
  private static let kernels = [
    "windows-7601.17514", "windows-7601.24444", "windows-9200.16384", "windows-9600.17031",
    "windows-10240.16384", "windows-10240.18132", "windows-10586.0", "windows-14393.2828",
    "windows-15063.0", "windows-16299.15", "windows-17134.619", "windows-17763.1",
    "windows-18362.30", "windows-19041.508", "windows-22000.194", "windows-22621",
    "windows-26100",
  ]

  private static let layout = """
    windows:
      skeleton: true
      invalid-mask: 0x2000_0000_0000
      sections:
        - { name: data, kind: page-file, subsections: [{ pages: 4 }] }
    processes:
      - name: bench.exe
        pid: 1234
        vads:
          - { va: 0x1f_0000..0x1f_ffff, kind: private, commit: true, protection: READWRITE }
          - { va: 0x20_0000..0x20_3fff, kind: mapped, section: data, protection: READONLY }
    """

  /// An image, and reads of kernel memory through System's tables.
  private struct Image {
    let machine: Machine
    let memory: KernelMemory
    let system: AddressSpace

    init(_ kernel: String, _ layout: String = SkeletonTests.layout) throws {
      machine = try Fixture.build(
        layout, machine: "{ mode: x86-64, memory: 16 MiB, os: \(kernel) }"
      ).machine
      let windows = try #require(machine.system.windows)
      system = try #require(machine.addressSpaces.first { $0.pid == 4 })
      memory = KernelMemory(machine.memory, machine.paging(of: system), windows.decoder)
    }

    func word(_ address: UInt64, _ size: Int = 8) throws -> UInt64 {
      try memory.number(at: VirtualAddress(address), size: size)
    }

    func text(_ address: UInt64, _ count: Int) throws -> String {
      let bytes = try memory.bytes(at: VirtualAddress(address), count: count)
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// An entry of a table, by the physical address of the table.
    func entry(_ table: UInt64, _ index: UInt64) throws -> UInt64 {
      try #require(machine.memory.load(UInt64.self, at: PhysicalAddress(table + index * 8)))
    }

    /// The first page of the kernel as one finds it who knows nothing: a page that may be written and
    /// not executed, behind an empty entry, before 31 that may not be written.
    func kernelBase() throws -> UInt64 {
      let frame: UInt64 = 0xf_ffff_ffff_f000
      let root = machine.paging(of: system).root.rawValue
      let pml4e = try entry(root, 0x1f0)
      for pdpt in 0..<512 as Range<UInt64> {
        let pdpte = try entry(pml4e & frame, pdpt)
        guard pdpte & 1 != 0 else { continue }
        for pd in 0..<512 as Range<UInt64> {
          let pde = try entry(pdpte & frame, pd)
          guard pde & 1 != 0 else { continue }
          let ptes = try (0..<512 as Range<UInt64>).map { try entry(pde & frame, $0) }
          let found = ptes.indices.first { index in
            ptes[index] & 0x8000_0000_0000_000f == 0x8000_0000_0000_0003
              && (index == 0 || ptes[index - 1] == 0)
              && ptes[(index + 2)..<min(index + 32, 512)].allSatisfy { $0 & 0xf == 1 }
          }
          guard let found else { continue }
          return 0xffff_f800_0000_0000 | pdpt << 30 | pd << 21 | UInt64(found) << 12
        }
      }
      throw NoKernel()
    }

    private struct NoKernel: Error {}

    /// The address of an exported variable, by the headers of the image.
    func export(_ name: String, of base: UInt64) throws -> UInt64 {
      let header = base + (try word(base + 0x3c, 4))
      #expect(try word(header, 4) == 0x4550)
      let directory = base + (try word(header + 24 + 112, 4))
      let size = try word(header + 24 + 116, 4)
      let count = try word(directory + 24, 4)
      for index in 0..<count {
        let text = base + (try word(base + (try word(directory + 32, 4)) + index * 4, 4))
        guard try self.text(text, 64) == name else { continue }
        #expect(text + UInt64(name.utf8.count) < directory + size)
        let ordinal = try word(base + (try word(directory + 36, 4)) + index * 2, 2)
        return base + (try word(base + (try word(directory + 28, 4)) + ordinal * 4, 4))
      }
      throw NoKernel()
    }
  }

  @Test(arguments: kernels)
  func topTableIsTakenForOne(kernel: String) throws {
    let image = try Image(kernel)
    for space in image.machine.addressSpaces {
      let root = image.machine.paging(of: space).root.rawValue
      let entries = try (0..<512 as Range<UInt64>).map { try image.entry(root, $0) }
      let kernelHalf = entries[256...]
      #expect(kernelHalf.contains { $0 & 0xffff_ffff_f083 == root + 3 })
      #expect(kernelHalf.count { $0 & 0x8000_0000_0000_0087 == 3 } >= 6)
      #expect(kernelHalf.count { $0 == 0 } > 0x40 && entries[..<256].count { $0 == 0 } > 0x40)
    }
  }

  @Test(arguments: kernels)
  func kernelAndSystemAreFoundFromTheTables(kernel: String) throws {
    let image = try Image(kernel)
    let base = try image.kernelBase()
    #expect(try image.text(base, 2) == "MZ")
    let names = try stride(from: base, to: base + 0x1000, by: 8).map { try image.word($0) }
    #expect(names.contains(0x4544_4f43_4c4f_4f50), "POOLCODE")
    let system = try image.word(try image.export("PsInitialSystemProcess", of: base))
    #expect(image.system.record?.record.rawValue == system)
    #expect(try image.word(try image.export("NtBuildNumber", of: base), 4) & 0xffff != 0)
    // PsActiveProcessHead lies within 32 MiB behind the header.
    let head = try #require(image.machine.system.windows?.processListHead).rawValue
    #expect(head > base && head - base < 32 << 20)
  }

  @Test(arguments: kernels)
  func recordsAreToldFromEachOther(kernel: String) throws {
    let image = try Image(kernel)
    let system = try #require(image.system.record).record.rawValue
    let words = try (0..<0x100 as Range<UInt64>).map { try image.word(system + $0 * 8) }
    #expect(words[0] >> 32 == 0)
    let name = try #require(words.firstIndex(of: 0x6d65_7473_7953))
    let pid = try #require(words.firstIndex(of: 4))
    let link = UInt64(pid + 1) * 8
    let next = words[pid + 1] - link
    let second = try image.text(next + UInt64(name) * 8, 16)
    let build = try #require(image.machine.system.windows).kernel.id.build
    #expect(second == (build >= 17134 ? "Registry" : "smss.exe"))
    #expect(try image.word(next + link + 8) - link == system)
    let smss = try #require(image.machine.addressSpaces.first { $0.process == "smss.exe" })
    let other = try #require(smss.record).record.rawValue
    let parents = (pid + 2..<name).filter { words[$0] == 0 }
    #expect(try parents.contains { try image.word(other + UInt64($0) * 8) == 4 })
    let tables = words[(name - 0xe0 / 8)..<(name - 0x20 / 8)].filter { $0 >> 47 == 0x1ffff }
    #expect(try tables.contains { try image.text($0 - 12, 4) == "Obtb" })
    let tree = try (name + 0x140 / 8..<0x7f0 / 8).first { index in
      guard words[index] >> 47 == 0x1ffff else { return false }
      let place = system + UInt64(index) * 8
      return try image.word(place - 4, 4) == 0x103 || image.word(place - 12, 4) == 0x103
    }
    #expect(tree != nil)
    // More than ten records, back to System.
    var count = 0
    var record = system
    repeat {
      record = try image.word(record + link) - link
      count += 1
    } while record != system && count < 100
    // The head of the list is one of them.
    #expect(count - 1 > 10 && count < 100)
  }

  @Test(arguments: kernels)
  func environmentBlockTellsTheBuild(kernel: String) throws {
    let image = try Image(kernel)
    let build = try #require(image.machine.system.windows).kernel.id.build
    for space in image.machine.addressSpaces {
      let block = try #require(space.record).peb
      guard let block else {
        #expect(["System", "Registry"].contains(space.process))
        continue
      }
      let walk = image.machine.walk(block, in: space)
      let page = try #require(walk.result.translation)
      #expect(page.rights == [.write, .user])
      let number = image.machine.memory.load(UInt16.self, at: page.address.advanced(by: 0x120))
      #expect(number.map(Int.init) == build)
    }
  }

  @Test func buildIsWhatTheScenarioSays() throws {
    let layout = Self.layout.replacing("skeleton: true", with: "skeleton: { build: 19045 }")
    let image = try Image("windows-19041.508", layout)
    let shared = try image.word(0xffff_f780_0000_0260, 4)
    #expect(shared == 19045)
    let base = try image.kernelBase()
    #expect(try image.word(try image.export("NtBuildNumber", of: base), 4) == 0xf000_4a65)
  }

  @Test func descriptorsAndArraysHaveTheirTags() throws {
    let image = try Image("windows-19041.508")
    let space = try #require(image.machine.addressSpaces.first { $0.pid == 1234 })
    let classifier = try #require(image.machine.classifier(in: space))
    let tree = try #require(classifier.vadTree())
    #expect(tree.vads.map(\.start.rawValue) == [0x1f_0000, 0x20_0000, 0x7ffd_f000])
    let tags = try tree.vads.map { try image.text($0.address.rawValue - 12, 4) }
    #expect(tags == ["VadS", "Vad ", "VadS"])
    let array = try #require(tree.vads[1].firstPrototypePte).rawValue
    #expect(try image.text(array - 12, 4) == "MmSt")
    // 19041 counts the descriptors behind the tree.
    let record = try #require(space.record).record.rawValue
    #expect(try image.word(record + 0x7e8) == 3)
  }

  @Test func blockThatProcessorsStartFromLeadsToTheTables() throws {
    let image = try Fixture.build(
      Self.layout,
      machine:
        "{ mode: x86-64, memory: 32 MiB, os: windows-19041.508, tables: { from: 0x110_0000 } }"
    ).machine
    let system = try #require(image.addressSpaces.first { $0.pid == 4 })
    let blocks = (1..<0xa0 as Range<UInt64>).map { $0 << 12 }.filter {
      let word = image.memory.load(UInt64.self, at: PhysicalAddress($0)) ?? 0
      return word & 0xffff_ffff_ffff_00ff == 0x1_0006_00e9
    }
    let block = try #require(blocks.first)
    let target = image.memory.load(UInt64.self, at: PhysicalAddress(block + 0x70)) ?? 0
    #expect(target & 0xffff_f800_0000_0003 == 0xffff_f800_0000_0000)
    let root = image.memory.load(UInt64.self, at: PhysicalAddress(block + 0xa0))
    #expect(root == image.paging(of: system).root.rawValue && root.map { $0 >= 16 << 20 } == true)
  }
}
