import DumpFormats
import Glibc
import PhysicalMemory
import TestSupport
import Testing

@Suite struct FileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func whatIsNoFileCannotBeOpened() throws {
    try #require(unsafe mkfifo(folder.file("pipe"), 0o600) == 0)
    let reasons = [
      folder.path: "it is a folder, not a file",
      folder.file("pipe"): "it is a pipe; write its contents to a file first",
      folder.file("absent"): "No such file or directory",
      "/dev/null": "it is a device or socket, not a regular file",
      "a\0b": "this is no file name",
    ]
    for (path, reason) in reasons {
      let error = try dumpError { _ = try DumpFile.open(path) }
      #expect(error == .cannotOpen(path: path, reason: reason))
      #expect(error.exitStatus == 66)
    }
  }

  @Test(.enabled("root may read everything") { geteuid() != 0 })
  func aFileWithoutPermissionCannotBeOpened() throws {
    let path = try folder.write([1])
    try #require(unsafe chmod(path, 0) == 0)
    let error = try dumpError { _ = try DumpFile.open(path) }
    #expect(error == .cannotOpen(path: path, reason: "Permission denied"))
  }

  @Test(arguments: [false, true])
  func anUncommittedOutputLeavesNothing(_ hidden: Bool) throws {
    do {
      let file = try OutputFile(folder.file("out"), force: false, hidden: hidden)
      try file.write("half")
      // On a file system without nameless files there is a hidden one meanwhile.
      #expect(folder.names.count == (hidden ? 1 : 0))
    }
    #expect(folder.names == [])
  }

  @Test(arguments: [false, true])
  func anOutputAppearsWholeAtItsCommit(_ hidden: Bool) throws {
    let file = try OutputFile(folder.file("out"), force: false, hidden: hidden)
    try file.write("one\n")
    try file.write([UInt8(ascii: "2")])
    #expect(!folder.names.contains("out"))
    try file.commit()
    #expect(folder.names == ["out"])
    #expect(try folder.read("out") == Array("one\n2".utf8))
  }

  @Test(arguments: [false, true])
  func anExistingFileStaysUnlessForced(_ hidden: Bool) throws {
    let path = try folder.write([1, 2, 3], to: "out")
    let error = try dumpError { _ = try OutputFile(path, force: false, hidden: hidden) }
    #expect(error.description == "\(path): cannot create: it exists already; --force replaces it")
    #expect(error.exitStatus == 73)
    let file = try OutputFile(path, force: true, hidden: hidden)
    try file.write("new")
    #expect(try folder.read("out") == [1, 2, 3])
    try file.commit()
    #expect(try folder.read("out") == Array("new".utf8))
    #expect(folder.names == ["out"])
  }

  @Test(arguments: [false, true])
  func aFileThatAppearsMeanwhileStays(_ hidden: Bool) throws {
    let file = try OutputFile(folder.file("out"), force: false, hidden: hidden)
    try file.write("late")
    _ = try folder.write([9], to: "out")
    let error = try dumpError { try file.commit() }
    #expect(error.exitStatus == 73)
    #expect(try folder.read("out") == [9])
    #expect(folder.names == ["out"])
  }

  @Test func forceWritesBehindASymbolicLink() throws {
    let target = try folder.write([1], to: "target")
    try #require(unsafe symlink(target, folder.file("link")) == 0)
    let file = try OutputFile(folder.file("link"), force: true)
    try file.write("x")
    try file.commit()
    #expect(try folder.read("target") == Array("x".utf8))
    #expect(folder.names == ["link", "target"])
  }

  @Test func foldersDevicesAndAbsentFoldersAreNoOutputs() throws {
    let reasons = [
      folder.path: "it is a folder", "/dev/null": "it is no regular file",
      folder.file("absent/out"): "No such file or directory", "": "this is no file name",
    ]
    for (path, reason) in reasons {
      let error = try dumpError { _ = try OutputFile(path, force: true) }
      guard case .cannotCreate(path, let found, _) = error else { throw error }
      #expect(found == reason)
    }
  }

  @Test func blocksOfZerosAreHolesAndReadAsZeros() throws {
    let file = try OutputFile(folder.file("out"))
    var expected: [UInt8] = []
    var random = SeededGenerator(seed: 3)
    for _ in 0..<40 {
      let count = Int(random.next() % 20_000)
      let byte = UInt8(random.next() % 3)
      expected += [UInt8](repeating: byte, count: count)
      if byte == 0, random.next() % 2 == 0 {
        try file.writeZeros(UInt64(count))
      } else {
        try file.write([UInt8](repeating: byte, count: count))
      }
    }
    try file.writeZeros(10 << 20)
    #expect(file.position == UInt64(expected.count + 10 << 20))
    try file.commit()
    #expect(try folder.read("out") == expected + [UInt8](repeating: 0, count: 10 << 20))
    #expect(folder.allocatedBytes("out") < 1 << 20)
  }

  @Test func aWriterRefusesAnOutputThatExistsBeforeItWrites() throws {
    let path = try folder.write([1], to: "dump")
    let memory = FlatMemory(try ByteMapping.zeroed(count: 4096))
    let error = try dumpError { try DumpWriter(.lime).write(memory, to: path) }
    #expect(error.exitStatus == 73)
    #expect(try folder.read("dump") == [1])
    let empty = FlatMemory(try ByteMapping.zeroed(count: 0))
    let nothing = try dumpError { try DumpWriter(.raw).write(empty, to: folder.file("new")) }
    #expect(nothing.description.hasSuffix("cannot create: there is no memory to write"))
    #expect(folder.names == ["dump"])
  }
}
