import Foundation
import Paging
import PhysicalMemory
import Report
import Testing

/// The primitives that every report is written with.
@Suite struct TextBufferTests {
  private func expectNumber(_ number: UInt64, digits: Int, _ comment: Comment? = nil) {
    let text = Fixture.written { out in
      out.hex(number)
      out.write(" ")
      out.hex(number, digits: digits)
      out.write(" ")
      out.decimal(number)
    }
    #expect(text == "\(number.hex) \(number.hex(digits: max(1, digits))) \(number)", comment)
  }

  @Test(arguments: [0, 1, 9, 10, 15, 16, UInt64.max, 1 << 63], 0...20)
  func edgesOfNumbersAreAsTheStandardLibraryWritesThem(number: UInt64, digits: Int) {
    expectNumber(number, digits: digits)
  }

  @Test func numbersAreAsTheStandardLibraryWritesThem() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var state = seed
    for _ in 0..<2000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      expectNumber(state >> (state >> 58), digits: Int(state % 20), "seed \(seed)")
    }
  }

  @Test func columnsAreFilledOnTheSideThatIsAsked() {
    let text = Fixture.written(isColored: true) { out in
      out.write("ab", .red, width: 4)
      out.write("cd", .plain, rightAlignedIn: 4)
      out.write("longer", width: 3)
    }
    #expect(text == "\u{1b}[31mab\u{1b}[0m    cdlonger")
  }

  @Test func aReaderWhoLeavesIsNoError() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    let stream = ReportStream(
      descriptor: pipe.fileHandleForWriting.fileDescriptor, name: "a pipe")
    stream.buffer.write("text")
    #expect(stream.drain(), "nothing is written before a block is full")
    stream.flush()
    #expect(stream.isClosed)
    #expect(!stream.drain())
    #expect(stream.failure == nil)
    #expect(stream.buffer.bytes.isEmpty)
  }

  @Test func aFullDiskIsAnError() throws {
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    let stream = ReportStream(descriptor: full.fileDescriptor, name: "the file")
    stream.buffer.write("text")
    stream.flush()
    #expect(stream.failure == SystemError("write", "the file", code: ENOSPC))
  }
}
