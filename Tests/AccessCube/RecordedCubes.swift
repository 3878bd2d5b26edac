/// The cubes that are run, and what came of them.
public enum RecordedCubes {
  /// The kernel's cube on the processors that make a difference to it.
  public static let kernel = [
    KernelCube(physicalBits: 36, hasKeys: true), KernelCube(physicalBits: 36, hasKeys: false),
    KernelCube(physicalBits: 40, hasKeys: true), KernelCube(physicalBits: 40, hasKeys: false),
    KernelCube(physicalBits: 52, hasKeys: true), KernelCube(physicalBits: 52, hasKeys: false),
  ]

  /// How many combinations the thinned cube of the tests leaves out, and one: a prime.
  public static let kernelStride = 1009

  /// The name of a cube's section in the golden.
  public static func name(_ cube: KernelCube, stride: Int = 1) -> String {
    let thinned = stride == 1 ? "" : " every=\(stride)"
    return "kernel physical-bits=\(cube.physicalBits) pku=\(cube.hasKeys)" + thinned
  }

  /// The name of a cube's section in the golden.
  public static func name(_ cube: WiderCube, stride: Int = 1) -> String {
    cube.name + (stride == 1 ? "" : " every=\(stride)")
  }

  /// What was recorded under a name; empty where nothing was.
  public static func lines(_ name: String) -> [String] {
    let all = text.split(separator: "\n").map(String.init)
    guard let start = all.firstIndex(of: name) else { return [] }
    return Array(all[(start + 1)...].prefix { $0.hasPrefix(" ") })
  }

  /// The source of the golden, made anew from sections of lines.
  public static func source(_ sections: [(name: String, lines: [String])]) -> String {
    let lines = sections.flatMap { [$0.name] + $0.lines }.map { "    \($0)\n" }.joined()
    return """
      extension RecordedCubes {
        /// The goldens, section by section: made by `Tools/dev cube --record`.
        static let text = \"""
      \(lines)    \"""
      }

      """
  }
}
