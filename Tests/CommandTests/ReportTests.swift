import Foundation
import Testing

/// `report`: a page that is written whole or not at all.
@Suite struct ReportTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  @Test func aPageIsWrittenAndNeverOverwritten() throws {
    let words = ["report", "plain.yaml", "0x400123", "--access", "write", "--output", "page.html"]
    let written = try Command.run(words, in: place)
    #expect(written.status == 0, "\(written.errors)")
    #expect(written.output.isEmpty)
    let page = try place.read("page.html")
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
    #expect(page.contains("0x0000000000400123, write by user mode"))
    #expect(try Command.run(words, in: place).status == 73)
    #expect(try Command.run(words + ["--force"], in: place).status == 0)
    #expect(try place.read("page.html") == page)
  }

  @Test func aDashIsStandardOutput() throws {
    let outcome = try Command.run(
      ["report", "plain.yaml", "0x400123", "--output", "-", "--force"], in: place)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix("<!DOCTYPE html>") && outcome.output.hasSuffix("</html>\n"))
    #expect(throws: (any Error).self) { try place.read("-") }
  }

  @Test func theScenarioItselfIsNotOverwritten() throws {
    let outcome = try Command.run(
      ["report", "plain.yaml", "--output", "./plain.yaml", "--force"], in: place)
    #expect(outcome.status == 73)
    #expect(outcome.errors.contains("it is the input too"))
  }
}
