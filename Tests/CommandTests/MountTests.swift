import Foundation
import Glibc
import Testing

/// A mount that is there for one test.
final class LiveMount {
  private let process = Process()
  private let errors: URL
  let folder: URL

  /// Why nothing can be mounted here; nil where it can.
  static let refusal: String? = {
    do {
      let place = try Workplace()
      let mount = try LiveMount(["plain.yaml"], in: place)
      return try mount.end(SIGTERM) == 0 ? nil : "the mount did not end well"
    } catch let refused as Refused { return refused.reason } catch { return "\(error)" }
  }()

  struct Refused: Error { let reason: String }

  init(_ arguments: [String], in place: Workplace) throws {
    folder = place.url.appending(path: "mount-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    errors = try place.write("", to: ".\(UUID().uuidString).err")
    process.executableURL = Command.program
    process.arguments = ["mount", arguments[0], folder.path] + arguments.dropFirst()
    process.currentDirectoryURL = place.url
    process.environment = [
      "PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": place.url.appending(path: "cache").path,
    ]
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    while !FileManager.default.fileExists(atPath: folder.path + "/pid") {
      guard process.isRunning else { throw Refused(reason: try said) }
      usleep(2000)
    }
  }

  deinit { if process.isRunning { process.terminate() } }

  /// What the program said.
  var said: String {
    get throws { try String(contentsOf: errors, encoding: .utf8) }
  }

  /// Sends a signal and waits for the end.
  func end(_ signal: Int32) throws -> Int32 {
    kill(process.processIdentifier, signal)
    return wait()
  }

  func wait() -> Int32 {
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : -1
  }

  func read(_ path: String) throws -> String {
    try String(contentsOf: folder.appending(path: path), encoding: .utf8)
  }

  /// Writes as a program does that knows nothing of files that are replaced; returns the error number.
  func write(_ bytes: [UInt8], to path: String, at offset: Int = 0, flags: Int32 = 0) -> Int32 {
    let descriptor = unsafe open(folder.path + "/" + path, O_WRONLY | flags)
    guard descriptor >= 0 else { return errno }
    let count = unsafe pwrite(descriptor, bytes, bytes.count, off_t(offset))
    let code = count == bytes.count ? 0 : count < 0 ? errno : -1
    return close(descriptor) == 0 ? code : errno
  }

  func write(_ text: String, to path: String) -> Int32 {
    write(Array(text.utf8), to: path, flags: O_TRUNC)
  }
}

/// `mount`, through the kernel.
///
/// Without FUSE these are skipped; the tree itself is tested without it.
@Suite(.enabled(if: LiveMount.refusal == nil, "\(LiveMount.refusal ?? "")"), .serialized)
struct MountTests {
  private static let folder = "pid/1/virt2phys"
  private let place: Workplace

  init() throws { place = try Workplace() }

  @Test func filesFollowTheAddressThatIsWritten() throws {
    let mount = try LiveMount(["plain.yaml"], in: place)
    #expect(mount.write("0x400123\n", to: "\(Self.folder)/virt.txt") == 0)
    #expect(try mount.read("\(Self.folder)/virt.txt") == "0000000000400123")
    #expect(try mount.read("name/unknown_process-1/virt2phys/phys.txt") == "0000000000005123")
    #expect(try mount.read("\(Self.folder)/map.txt").utf8.count == 198)
    #expect(mount.write("nonsense", to: "\(Self.folder)/virt.txt") == EINVAL)
    #expect(mount.write("0x", to: "\(Self.folder)/virt.txt") == EINVAL)
    #expect(try mount.read("\(Self.folder)/virt.txt") == "0000000000400123")
    #expect(mount.write("x", to: "\(Self.folder)/map.txt") == EACCES)
    #expect(mount.write("x", to: "\(Self.folder)/other.txt") == ENOENT)
    #expect(try mount.end(SIGTERM) == 0)
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT]) func signalsUnmount(signal: Int32) throws {
    let mount = try LiveMount(["plain.yaml"], in: place)
    // Somebody is still inside.
    let inside = unsafe open(mount.folder.path + "/pid", O_RDONLY)
    defer { close(inside) }
    #expect(try mount.end(signal) == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: mount.folder.path).isEmpty)
  }

  @Test func unmountingFromOutsideEndsTheProgram() throws {
    let mount = try LiveMount(["plain.yaml"], in: place)
    let helper = Process()
    helper.executableURL = URL(filePath: "/bin/sh")
    helper.arguments = ["-c", "umount '\(mount.folder.path)'"]
    try helper.run()
    helper.waitUntilExit()
    try #require(helper.terminationStatus == 0)
    #expect(mount.wait() == 0)
  }

  @Test func changesAreKeptWhereTheyAreWanted() throws {
    _ = try Command.run(["build", "plain.yaml", "--output", "dump.raw"], in: place)
    let dump = try Data(contentsOf: place.url.appending(path: "dump.raw"))
    let mount = try LiveMount(
      ["dump.raw", "--mode", "x86-64", "--root", "0x1000", "--save", "saved.raw"], in: place)
    #expect(mount.write("400000", to: "\(Self.folder)/virt.txt") == 0)
    #expect(mount.write([0x07, 0x60], to: "\(Self.folder)/pt_pt.mem") == 0)
    #expect(try mount.read("\(Self.folder)/phys.txt") == "0000000000006000")
    #expect(mount.write([1, 2, 3], to: "\(Self.folder)/page.mem", at: 0x10) == 0)
    #expect(mount.write([1], to: "\(Self.folder)/page.mem", at: 4096) == ENOSPC)
    #expect(mount.write("401000", to: "\(Self.folder)/virt.txt") == 0)
    #expect(mount.write([1], to: "\(Self.folder)/page.mem") == ENXIO)
    #expect(try mount.end(SIGTERM) == 0)
    #expect(try Data(contentsOf: place.url.appending(path: "dump.raw")) == dump)
    let saved = try Data(contentsOf: place.url.appending(path: "saved.raw"))
    #expect(saved.count == dump.count)
    #expect(Array(saved[0x6010..<0x6013]) == [1, 2, 3])
    let walk = try Command.run(
      ["walk", "saved.raw", "0x400000", "--mode", "x86-64", "--root", "0x1000", "--json"], in: place
    )
    #expect(walk.output.contains(#""pa":"0x6000""#))
  }

  /// The minute is in Tools/stress; this is a moment of it.
  @Test func nothingIsLostBetweenWriters() async throws {
    let mount = try LiveMount(["plain.yaml"], in: place)
    #expect(mount.write("400000", to: "\(Self.folder)/virt.txt") == 0)
    let page = mount.folder.path + "/\(Self.folder)/page.mem"
    let map = mount.folder.path + "/\(Self.folder)/map.txt"
    let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
      for writer in 0..<8 {
        group.addTask {
          var wrong = 0
          let descriptor = unsafe open(page, O_RDWR)
          defer { close(descriptor) }
          for round in 0..<64 {
            let bytes = [UInt8](repeating: UInt8(writer + 1), count: 8)
            let offset = off_t((round * 8 + writer) * 8)
            if unsafe pwrite(descriptor, bytes, 8, offset) != 8 { wrong += 1 }
            let text = try String(contentsOfFile: map, encoding: .utf8)
            if text.utf8.count != 198 { wrong += 1 }
          }
          return wrong
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(wrong == 0)
    let bytes = try Data(contentsOf: URL(filePath: page))
    #expect(bytes.count == 4096)
    #expect(bytes.enumerated().allSatisfy { Int($1) == $0 / 8 % 8 + 1 })
    #expect(try mount.end(SIGTERM) == 0)
  }
}
