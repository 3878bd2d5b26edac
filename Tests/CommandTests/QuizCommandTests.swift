import Foundation
import Testing

/// Where the answers of a class may come from.
@Suite struct QuizCommandTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
    try place.write("Ada: fault; fault; fault; fault; fault\n", to: "answers.txt")
  }

  private func shell(_ line: String) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line, Command.program.path]
    process.currentDirectoryURL = place.url
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: text, as: UTF8.self),
      String(decoding: complaint, as: UTF8.self)
    )
  }

  @Test(arguments: [
    "\"$0\" quiz --grade - < answers.txt", "cat answers.txt | \"$0\" quiz --grade -",
    "cat answers.txt | \"$0\" quiz --grade /dev/stdin", "\"$0\" quiz --grade <(cat answers.txt)",
    "mkfifo pipe; cat answers.txt > pipe & \"$0\" quiz --grade pipe",
  ]) func answersComeFromWhateverCanBeRead(line: String) throws {
    let file = try shell("\"$0\" quiz --grade answers.txt")
    #expect(file.status == 0)
    #expect(file.output.contains("Ada"))
    let other = try shell(line)
    #expect(other.status == 0, "\(other.errors)")
    #expect(other.output == file.output)
  }

  @Test func aLinuxKernelIsASubject() throws {
    let solved = try shell("\"$0\" quiz --os linux-6.1 --kind signal --count 4 -c")
    #expect(solved.status == 0, "\(solved.errors)")
    #expect(solved.output.contains("kernel  Linux 6.1"))
    #expect(solved.output.contains("what Linux goes by"))
    #expect(!solved.output.contains("Windows"))
    let key = try shell("\"$0\" quiz --os linux-6.1 --mode arm64 --kind cost --json")
    #expect(key.output.split(separator: "\n").allSatisfy { $0.contains(#""kind":"cost""#) })
    let frames = try shell("\"$0\" quiz --os linux-6.1 --kind frames")
    #expect(frames.status == 64)
    #expect(frames.errors.contains("there are fault, kernel, cost, signal"))
    #expect(try shell("\"$0\" quiz --os linux-9x").status == 64)
    #expect(try shell("\"$0\" quiz --os linux-2.6").status == 64)
  }

  @Test func whatHasNoEndIsReadOnlySoFar() throws {
    let endless = try shell("\"$0\" quiz --grade /dev/zero")
    #expect(endless.status == 65)
    #expect(endless.errors.contains("UTF-8 text of at most 4 MiB"))
    #expect(try shell("\"$0\" quiz --grade /").status == 66)
    #expect(try shell("\"$0\" quiz --grade absent.txt").status == 66)
  }
}
