import Paging
import PhysicalMemory
import WindowsMemory

extension Benchmark {
  /// Every entry of four million read as Windows does, against counting the pages alone.
  mutating func windowsStates(_ name: String) throws {
    let image = try SyntheticImage(byteCount: 64 << 20, frames: .software, seed: 1)
    let flat = image.flat
    let state = image.state
    let kernel = try WindowsKernel(named: "windows-19041.508", mode: .x86_64)
    let decoder = PTEDecoder(kernel, mask: InvalidPTEMask(rawValue: 1 << 45))
    report(
      Contest(
        "\(name): Windows states", count: image.bytes.count / 2 / 8, limit: 2,
        rounds: rounds(image), names: ("bare", "states")
      ) {
        var operation = PageCount()
        return state.perform(&operation, on: flat)
      } subject: {
        let census = decoder.census(of: state, in: flat)
        return census.count(of: .valid) + census.count(of: .large)
      })
  }
}
