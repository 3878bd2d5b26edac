import Foundation
import Golden
import Paging
import ScenarioFile
import Simulator
import Testing
import WindowsMemory
import Workbench

/// Every kernel of the table of layouts runs timelines: what one does not is what its Windows lacks.
@Suite struct EveryKernelTests {
  @Test func theTableHasKernelsOfEveryMode() {
    let kernels = EveryKernelTimeline.kernels
    #expect(kernels.count > 90)
    #expect(Set(kernels.map(\.mode)) == [.x86, .pae, .x86_64, .arm64])
    #expect(kernels.count { $0.mode == .arm64 } == 4)
    #expect(kernels.contains { $0.id.build == 2195 } && kernels.contains { $0.id.build == 28000 })
  }

  /// The runner compares every status, fault and expectation, and looks at the invariants after each step.
  @Test(arguments: EveryKernelTimeline.kernels.indices)
  func everyKernelLivesThroughSomethingOfEverything(index: Int) throws {
    let (id, mode) = EveryKernelTimeline.kernels[index]
    let kernel = try WindowsKernel(named: "\(id)", mode: mode)
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "mmubench-every-kernel-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "every-kernel.yaml")
    try Data(EveryKernelTimeline(kernel: kernel).text(mode).utf8).write(to: file)
    let result = ScenarioRunner().run(file.path)
    #expect(result.diagnostics == nil, "\(id) \(mode.rawValue)")
    #expect(result.failures.isEmpty, "\(id) \(mode.rawValue): \(result.failures)")
  }

  /// The entries of pages that processes have in common came with Windows 8.
  @Test func noKernelBeforeWindows8CombinesPages() throws {
    for (id, mode) in EveryKernelTimeline.kernels {
      let text = """
        mmubench: 1
        scenario: combine
        title: Pages that become one
        source: the test
        machine: { mode: \(mode.rawValue), memory: 1 MiB, os: \(id) }
        timeline: [{ combine: all }]

        """
      let run = try #require(
        try TimelineRun(ScenarioParser.read(text: text, path: "combine.yaml")))
      guard id.build < 9200 else {
        try run.run()
        continue
      }
      let error = try #require(throws: DiagnosticList.self) { try run.run() }
      #expect(error.diagnostics.map(\.code) == [.notForSystem])
      #expect(error.diagnostics.first?.message.contains("does not combine pages") == true)
    }
  }
}
