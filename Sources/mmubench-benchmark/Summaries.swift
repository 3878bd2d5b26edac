import Paging
import PhysicalMemory

/// What many walks gave; both languages must agree on all of it.
struct WalkSummary: Equatable, WalkSink {
  var checksum: UInt64 = 0
  var mapped: UInt64 = 0
  var notPresent: UInt64 = 0
  var reserved: UInt64 = 0
  var nonCanonical: UInt64 = 0
  var missing: UInt64 = 0

  mutating func receive(_ result: WalkResult, for address: VirtualAddress) {
    switch result {
    case .mapped(let page):
      mapped &+= 1
      checksum &+= page.address.rawValue ^ UInt64(page.rights.rawValue) &<< 56
    case .stopped(let stop):
      switch stop.cause {
      case .notPresent: notPresent &+= 1
      case .reservedBits: reserved &+= 1
      case .nonCanonical: nonCanonical &+= 1
      case .missing: missing &+= 1
      }
    }
  }
}

/// What an enumeration gave; both languages must agree on all of it.
struct RunSummary: Equatable {
  var checksum: UInt64 = 0
  var runs: UInt64 = 0
  var pages: UInt64 = 0

  mutating func add(_ run: MappingRun) {
    runs &+= 1
    pages &+= run.pageCount
    checksum &+=
      (run.start.rawValue ^ run.address.rawValue &<< 1) &+ UInt64(run.rights.rawValue)
  }
}
