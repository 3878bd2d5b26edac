// swift-tools-version: 6.2
import PackageDescription

// Cross-module optimisation is an unsafe flag. A checkout of this package inside another build goes
// without it: its owner has not asked for unsafe flags, and some versions of SwiftPM refuse them.
let isDependency = Context.packageDirectory.contains("/checkouts/")
let release = BuildSettingCondition.when(configuration: .release)

let strict: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ] + (isDependency ? [] : [.unsafeFlags(["-cross-module-optimization"], release)])

/// One room of the house: a library target, its tests, and the only targets it may import.
///
/// `embedded` files become bytes of the library.
func room(
  _ name: String, _ dependencies: [Target.Dependency] = [], embedded: [String] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, resources: embedded.map { .embedInCode($0) },
    swiftSettings: strict)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], fixtures: [String] = []
) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies, exclude: fixtures, swiftSettings: strict)
}

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let hashTrees = Target.Dependency.product(
  name: "HashTreeCollections", package: "swift-collections")
let flyingFox = Target.Dependency.product(name: "FlyingFox", package: "FlyingFox")
let flyingSocks = Target.Dependency.product(name: "FlyingSocks", package: "FlyingFox")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "MMUBench",
  products: [
    .executable(name: "mmubench", targets: ["mmubench"]),
    .library(name: "BitLayout", targets: ["BitLayout"]),
    .library(name: "PhysicalMemory", targets: ["PhysicalMemory"]),
    .library(name: "Paging", targets: ["Paging"]),
    .library(name: "DumpFormats", targets: ["DumpFormats"]),
    .library(name: "LinuxMemory", targets: ["LinuxMemory"]),
    .library(name: "WindowsMemory", targets: ["WindowsMemory"]),
    .library(name: "ScenarioFile", targets: ["ScenarioFile"]),
    .library(name: "Machine", targets: ["Machine"]),
    .library(name: "Golden", targets: ["Golden"]),
    .library(name: "ReverseMap", targets: ["ReverseMap"]),
    .library(name: "ImageBuilder", targets: ["ImageBuilder"]),
    .library(name: "Simulator", targets: ["Simulator"]),
    .library(name: "Workbench", targets: ["Workbench"]),
    .library(name: "Quiz", targets: ["Quiz"]),
    .library(name: "Report", targets: ["Report"]),
    .library(name: "VirtualFiles", targets: ["VirtualFiles"]),
    .library(name: "FuseMount", targets: ["FuseMount"]),
    .library(name: "Explorer", targets: ["Explorer"]),
  ],
  dependencies: [
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    // Layer 0
    room("BitLayout"),
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CSnappy", pkgConfig: "snappy", providers: [.apt(["libsnappy-dev"])]),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CFuse3", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
    // Layer 1
    room("PhysicalMemory", ["BitLayout", heap, hashTrees]),
    // Layer 2
    room("Paging", ["BitLayout", "PhysicalMemory"]),
    room("DumpFormats", ["PhysicalMemory", "CLZMA", "CZlib", "CZstd", "CSnappy", "CLZ4"]),
    // Layer 3
    room("LinuxMemory", ["BitLayout", "PhysicalMemory", "Paging"]),
    room("WindowsMemory", ["BitLayout", "PhysicalMemory", "Paging"]),
    room("ScenarioFile", [yams]),
    // Layer 4
    room(
      "Machine",
      ["BitLayout", "PhysicalMemory", "Paging", "DumpFormats", "LinuxMemory", "WindowsMemory"]),
    room("Golden", ["CXXHash", "PhysicalMemory", "Paging", "Machine"]),
    room(
      "ReverseMap",
      [
        "CXXHash", "PhysicalMemory", "Paging", "DumpFormats", "Machine", "LinuxMemory",
        "WindowsMemory",
      ]),
    // Layer 5
    room(
      "ImageBuilder",
      [
        "BitLayout", "PhysicalMemory", "Paging", "Machine", "ScenarioFile", "LinuxMemory",
        "WindowsMemory",
      ]),
    room(
      "Simulator",
      [
        "BitLayout", "PhysicalMemory", "Paging", "Machine", "ScenarioFile", "WindowsMemory",
        "LinuxMemory",
      ]),
    // Layer 6
    room(
      "Quiz",
      [
        "BitLayout", "PhysicalMemory", "Paging", "ScenarioFile", "Machine", "ImageBuilder",
        "WindowsMemory", "LinuxMemory",
      ]),
    room(
      "Workbench",
      [
        "BitLayout", "PhysicalMemory", "Paging", "DumpFormats", "ScenarioFile", "Machine", "Golden",
        "ImageBuilder", "Simulator", "LinuxMemory", "WindowsMemory",
      ]),
    room(
      "Report",
      [
        "BitLayout", "PhysicalMemory", "Paging", "DumpFormats", "Machine", "Golden", "Quiz",
        "ReverseMap", "ScenarioFile", "Simulator", "LinuxMemory", "WindowsMemory", "CSQLite",
      ], embedded: ["HTML/page.css", "HTML/page.js", "HTML/patterns.svg", "HTML/policy.txt"]),
    room(
      "VirtualFiles",
      [
        "BitLayout", "PhysicalMemory", "Paging", "DumpFormats", "ScenarioFile", "Machine",
        "WindowsMemory", "ReverseMap", "Report",
      ]),
    room("FuseMount", ["VirtualFiles", "CFuse3"]),
    room(
      "Explorer",
      [
        "BitLayout", "PhysicalMemory", "Paging", "ScenarioFile", "WindowsMemory", "LinuxMemory",
        "Machine", "ImageBuilder", "Simulator", "ReverseMap", "Report", flyingFox, flyingSocks,
      ]),
    // The benchmark, with the C loops that it compares the library with
    .target(
      name: "CReference",
      cSettings: isDependency ? [] : [.unsafeFlags(["-O3"], release)]),
    .executableTarget(
      name: "mmubench-benchmark",
      dependencies: [
        "BitLayout", "PhysicalMemory", "Paging", "DumpFormats", "WindowsMemory", "Machine",
        "Golden", "ReverseMap", "ScenarioFile", "ImageBuilder", "Simulator", "CReference",
        "AccessCube",
      ],
      swiftSettings: strict),
    // Layer 7
    .executableTarget(
      name: "mmubench",
      dependencies: [
        "BitLayout", "PhysicalMemory", "Paging", "DumpFormats", "ScenarioFile", "Machine", "Golden",
        "ReverseMap", "ImageBuilder", "Quiz", "Simulator", "Workbench", "Report", "VirtualFiles",
        "FuseMount", "Explorer", "LinuxMemory", "WindowsMemory", arguments,
      ],
      swiftSettings: strict),

    tests("BitLayout", ["BitLayout"]),
    tests("PhysicalMemory", ["PhysicalMemory", "TestSupport"]),
    tests(
      "DumpFormats",
      [
        "DumpFormats", "PhysicalMemory", "TestSupport", "CLZMA", "CZlib", "CZstd", "CSnappy",
        "CLZ4",
      ]),
    tests("Paging", ["Paging", "PhysicalMemory", "BitLayout", "TestSupport"]),
    tests(
      "LinuxMemory", ["LinuxMemory", "Paging", "PhysicalMemory", "BitLayout", "TestSupport"]),
    tests(
      "WindowsMemory", ["WindowsMemory", "Paging", "PhysicalMemory", "BitLayout", "TestSupport"]),
    tests("Golden", ["Golden", "Machine", "Paging", "PhysicalMemory", "TestSupport"]),
    tests("Machine", ["Machine", "DumpFormats", "Paging", "PhysicalMemory", "TestSupport"]),
    tests(
      "ReverseMap",
      [
        "ReverseMap", "DumpFormats", "LinuxMemory", "Machine", "Paging", "PhysicalMemory",
        "WindowsMemory", "Workbench", "TestSupport",
      ]),
    tests("Workbench", ["Golden", "Machine", "Paging", "Workbench", "TestSupport"]),
    tests(
      "ImageBuilder",
      [
        "ImageBuilder", "Machine", "Paging", "PhysicalMemory", "ScenarioFile", "WindowsMemory",
        "TestSupport",
      ],
      fixtures: ["Diagnostics"]),
    tests(
      "Quiz",
      ["Quiz", "Report", "Machine", "LinuxMemory", "Paging", "PhysicalMemory", "ScenarioFile"]),
    tests(
      "Simulator",
      [
        "Simulator", "Workbench", "Report", "ScenarioFile", "Machine", "Golden", "Paging",
        "LinuxMemory", "PhysicalMemory", "TestSupport", "WindowsMemory",
      ]),
    tests("Readme", ["mmubench", "TestSupport"]),
    tests(
      "Report",
      [
        "Report", "Workbench", "Golden", "Machine", "Paging", "PhysicalMemory", "LinuxMemory",
        "WindowsMemory", "TestSupport",
      ],
      fixtures: ["Goldens", "Machines"]),
    tests("FuseMount", ["FuseMount"]),
    tests(
      "VirtualFiles",
      [
        "VirtualFiles", "DumpFormats", "Machine", "Paging", "PhysicalMemory", "Workbench",
        "TestSupport",
      ]),
    tests(
      "Explorer",
      [
        "Explorer", "Golden", "LinuxMemory", "Machine", "Paging", "PhysicalMemory", "Report",
        "ScenarioFile", "WindowsMemory", "Workbench", flyingSocks,
      ]),
    tests("Command", ["mmubench", "TestSupport"]),
    tests("House", ["TestSupport"]),
    .target(
      name: "TestSupport",
      dependencies: [
        "BitLayout", "Machine", "Paging", "PhysicalMemory", "ScenarioFile", "Simulator",
        "Workbench",
      ],
      path: "Tests/TestSupport", swiftSettings: strict),
    // Every access under every condition, for the tests and for the benchmark.
    .target(
      name: "AccessCube", dependencies: ["Golden", "Paging", "PhysicalMemory"],
      path: "Tests/AccessCube", swiftSettings: strict),
    tests("AccessCube", ["AccessCube", "Paging"]),
    // Yams is the outside oracle for the syntax guard.
    tests(
      "ScenarioFile", ["ScenarioFile", "TestSupport", yams],
      fixtures: ["Diagnostics", "everything.yaml"]),
  ]
)
