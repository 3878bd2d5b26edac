/// A scenario of pages that processes share without the processor seeing it: in transition, and by prototype
/// entries.
///
/// Two processes and a section of four pages in memory; all frames are chosen here. The first has the section in
/// a view that it never touched, one page of it in a table of its own; the other one's page table at 0x4000_0000
/// is in transition.
package enum SharedSection {
  /// Kernels of every mode and generation of layouts.
  package static let kernels: [(mode: String, name: String)] = [
    ("x86", "windows-2600.6419"), ("pae", "windows-7601.17514"), ("x86-64", "windows-7601.17514"),
    ("x86-64", "windows-9600.17031"), ("x86-64", "windows-10240.16384"),
    ("x86-64", "windows-19041.508"), ("x86-64", "windows-22000.194"),
  ]

  /// The scenario on a kernel; `lines` are added at its end.
  package static func scenario(mode: String, kernel: String, _ lines: String = "") -> String {
    """
    mmubench: 1
    scenario: shared
    title: Pages in transition and of a section
    source: the tests
    machine: { mode: \(mode), memory: 64 MiB, os: \(kernel) }
    windows:
      sections:
        - name: data
          kind: page-file
          subsections:
            - pages: 2
              ptes:
                - { page: 0, state: transition, to: 0x140_0000, protection: READWRITE }
                - { page: 1, state: valid, to: 0x141_0000 }
            - pages: 3
              ptes:
                - { page: 0, state: valid, to: 0x143_0000 }
                - { page: 1, state: demand-zero, protection: READWRITE }
                - { page: 2, state: valid, to: 0x144_0000 }
    processes:
      - name: one.exe
        pid: 100
        ptes:
          - { va: 0x40_0000, state: transition, to: 0x142_0000, protection: READWRITE }
          - { va: 0x40_1000, state: prototype, section: data, page: 0 }
          - { va: 0x40_2000, state: prototype, section: data, page: 1 }
          - { va: 0x40_3000, state: demand-zero, protection: READWRITE }
          - { va: 0x40_4000, state: valid, to: 0x141_0000, protection: READONLY }
          - { va: 0x5000_1000, state: decommitted }
        vads:
          - { va: 0x5000_0000..0x5000_4fff, kind: mapped, section: data, page: 0, protection: READONLY }
          - { va: 0x6000_0000..0x6000_0fff, kind: private, commit: true, protection: READWRITE }
      - name: two.exe
        pid: 200
        ptes:
          - { va: 0x700_0000, state: prototype, section: data, page: 1 }
          - { va: 0x710_1000, state: prototype-vad }
          - { va: 0x4000_0000, level: PDE, state: transition, to: 0x145_0000, protection: READWRITE }
          - { va: 0x4000_0000, state: transition, to: 0x146_0000, protection: READWRITE }
          - { va: 0x4000_1000, state: valid, to: 0x147_0000, protection: READWRITE }
        vads:
          - { va: 0x710_0000..0x710_1fff, kind: mapped, section: data, page: 0, protection: READONLY }
          - { va: 0x3000_0000..0x3000_1fff, kind: mapped, section: data, page: 3, protection: READWRITE }
    golden: false
    \(lines)
    """
  }
}
