/// The examples that each verb's help ends with; the tests run them, in a folder with the scenarios.
enum Examples {
  /// What one is for, and its command line.
  private typealias Example = (purpose: String, command: String)

  private static let ofVerbs: [String: [Example]] = [
    "run": [
      ("check one scenario, or a folder of them", "mmubench run Scenarios/x86/x64-2m.yaml")
    ],
    "build": [
      (
        "an ELF core and what is true of it",
        "mmubench build Scenarios/x86/x64-2m.yaml --format elf \\\n    --output memory.elf --truth truth.json"
      )
    ],
    "convert": [
      (
        "a scenario's memory for Windows debuggers",
        "mmubench convert Scenarios/x86/x64-2m.yaml --format dmp --output memory.dmp"
      )
    ],
    "info": [
      ("what a dump says of itself", "mmubench info Scenarios/dumps/x64-4l-pti.elf.xz")
    ],
    "walk": [
      (
        "what every entry means", "mmubench walk Scenarios/x86/x64-2m.yaml 0x200123 --explain"
      ),
      (
        "as Rekall prints it, of one process",
        "mmubench vtop Scenarios/dumps/rekall-pas2vas-1a58f000.yaml 0x766c0000 \\\n    --pid 2912 --style rekall"
      ),
    ],
    "translate": [
      (
        "many addresses, an object for each",
        "printf '0x200000\\n0x200123\\n' |\n    mmubench translate Scenarios/x86/x64-2m.yaml --json"
      )
    ],
    "fault": [
      (
        "why a write by the kernel is refused",
        "mmubench fault Scenarios/x86/x64-rights-intersection.yaml 0x18000000000 \\\n    --access write --as supervisor --explain"
      ),
      (
        "many accesses",
        "echo '0x200000 write user' |\n    mmubench fault Scenarios/x86/x64-2m.yaml --batch --json"
      ),
    ],
    "pte": [
      ("every bit of an entry", "mmubench pte 0x8000000069fc8867 --mode pae --level PTE"),
      (
        "what it means to a Windows kernel",
        "mmubench pte 0x166b7880 --os windows-7 --style windbg"
      ),
      (
        "what it would say in a type that is not its own",
        "mmubench pte 0x8000000069fc8867 --os windows-7 --mode pae \\\n    --type _MMPTE_SOFTWARE --style windbg"
      ),
    ],
    "pfn": [
      (
        "as !pfn prints it",
        "mmubench pfn Scenarios/windows/windbg-pfn-pae-7601.yaml 0x69fc8 \\\n    --pfn-database 0x84000000 --style windbg"
      ),
      (
        "flags and counts of Linux, of the frame at an address",
        "mmubench pfn Scenarios/dumps/linux-frames.elf.xz --physical 0x1e22000"
      ),
    ],
    "map": [
      (
        "what the kernel can both write and execute",
        "mmubench map Scenarios/dumps/x64-4l-pti.yaml --filter 's w x'"
      ),
      ("how much there is of what", "mmubench map Scenarios/x86/x64-2m.yaml --summary"),
      (
        "all processes in a database",
        "mmubench map Scenarios/dumps/x64-4l-pti.yaml --sqlite maps.db"
      ),
    ],
    "reverse": [
      (
        "who maps a frame, as Rekall prints it",
        "mmubench pas2vas Scenarios/dumps/rekall-pas2vas-1a58f000.yaml 0x1a58f000 \\\n    --style rekall"
      ),
      (
        "which frames have several owners",
        "mmubench reverse Scenarios/dumps/x64-4l-pti.yaml --shared"
      ),
    ],
    "read": [
      ("the first bytes of a page", "mmubench read Scenarios/x86/x64-2m.yaml 0x200000+32"),
      (
        "physical memory, as !db prints it",
        "mmubench '!db' Scenarios/x86/x64-2m.yaml 0x1000+16 --style windbg"
      ),
    ],
    "find": [
      (
        "text, and whose it is",
        "mmubench find Scenarios/dumps/x64-4l-pti.yaml --text LABPAGE --limit 4"
      ),
      (
        "bytes, of which one may be any",
        "mmubench find Scenarios/x86/x64-2m.yaml --hex '07 ?? 00 00' --align 8"
      ),
    ],
    "simulate": [
      (
        "a life of a page, step by step",
        "mmubench simulate Scenarios/timelines/win-page-life.yaml"
      ),
      (
        "the same as a session of WinDbg, up to the first violation",
        "mmubench simulate Scenarios/timelines/win-lifecycle.yaml \\\n    --style windbg --until 'status STATUS_ACCESS_VIOLATION'"
      ),
      (
        "a timeline of Linux by one of its kernels, up to a page's way into swap",
        "mmubench simulate Scenarios/timelines/linux-swap.yaml \\\n    --os linux-4.14 --until 'pte 0x7f0000000000 swap'"
      ),
    ],
    "report": [
      (
        "the walks and faults of a scenario, drawn",
        "mmubench report Scenarios/x86/x64-rights-intersection.yaml --output walks.html"
      ),
      (
        "a timeline to play",
        "mmubench report Scenarios/timelines/win-page-life.yaml --output life.html"
      ),
      (
        "one access to a page of a dump",
        "mmubench report Scenarios/dumps/x64-4l-pti.yaml 0x401000 --access write \\\n    --pid 79 --output fault.html"
      ),
    ],
    "explore": [
      (
        "a scenario in the browser, at http://127.0.0.1:8080/ until ^C",
        "mmubench explore Scenarios/x86/x64-rights-intersection.yaml --port 8080"
      ),
      (
        "a process of a dump, on any free port",
        "mmubench explore Scenarios/dumps/x64-4l-pti.yaml --pid 79"
      ),
    ],
    "quiz": [
      ("three exercises in small words", "mmubench quiz --mode toy:6,7,4 --count 3"),
      (
        "a hard one of 5-level paging, solved",
        "mmubench quiz --mode la57 --level 3 --seed 42 --solve"
      ),
      ("accessed and dirty bits alone", "mmubench quiz --kind updates --seed 2 -c"),
      ("one about Windows", "mmubench quiz --os windows-10-22h2 --seed 7 --json"),
      (
        "what Linux does about faults, solved",
        "mmubench quiz --os linux-6.1 --kind kernel --level 2 -c"
      ),
    ],
    "export": [
      (
        "the tables of one address as files",
        "mmubench export Scenarios/x86/x64-4k-basic.yaml 0x400123 --output files"
      )
    ],
    "mount": [
      (
        "until ^C, and what was changed in a file then",
        "mkdir -p machine &&\n    mmubench mount Scenarios/x86/x64-4k-basic.yaml machine --save changed.raw"
      )
    ],
    "verify": [
      (
        "a dump against its guest's own kernel",
        "mmubench verify Scenarios/dumps/x64-4l-pti.yaml \\\n    --truth Scenarios/dumps/x64-4l-pti.truth.json.xz"
      )
    ],
    "pagemap": [
      (
        "one address of a process in a dump",
        "mmubench pagemap Scenarios/dumps/x64-4l-pti.yaml 0x401000 --pid 79"
      ),
      ("the process that asks", "mmubench pagemap self"),
    ],
    "digest": [
      ("one number for all translations", "mmubench digest Scenarios/x86/x64-2m.yaml")
    ],
    "diff": [
      (
        "a scenario and the same in small pages (they differ in nothing but size)",
        "mmubench diff Scenarios/builder/x64-2m-as-small-pages.yaml \\\n    Scenarios/builder/x64-2m-one-large-page.yaml"
      )
    ],
    "check": [
      ("what is wrong with the tables", "mmubench check Scenarios/x86/x64-2m-reserved.yaml")
    ],
  ]

  /// The examples of a verb, for the end of its help.
  static func of(_ verb: String) -> String {
    let examples = ofVerbs[verb] ?? []
    guard !examples.isEmpty else { return "" }
    let lines = examples.map { "  # \($0.purpose)\n  \($0.command)" }
    return "\n\nExamples:\n" + lines.joined(separator: "\n")
  }
}
