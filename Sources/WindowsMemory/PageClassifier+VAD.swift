import Paging
import PhysicalMemory

/// What an entry leaves to the descriptor of its address range.
extension PageClassifier {
  /// Completes a finding whose entry is empty, or says that the VAD has to be asked.
  ///
  /// - Parameters:
  ///   - finding: The finding.
  ///   - perPage: The protection in the entry; another than 0 takes the place of the VAD's.
  func askVAD(_ finding: inout PageFinding, perPage: MMProtection?) {
    guard !system.isSystem(finding.address) else {
      finding.content = .nowhere
      finding.rules.append(
        WindowsRule(
          "an empty entry of a system address: what some regions make of it is not modelled",
          "flow of ReactOS", isUncertain: true))
      return
    }
    guard finding.address.rawValue / frameSize != SharedUserData.userAddress / frameSize else {
      return takeSharedData(&finding)
    }
    finding.vad = vadAnswer(of: finding.address, failure: &finding.failure)
    switch finding.vad {
    case .notAsked, .unknown: break
    case .none:
      finding.content = .nowhere
      finding.rules.append(
        WindowsRule("no VAD has the address: nothing is there", "tree of VADs"))
    case .found(let vad): take(vad, perPage: perPage, into: &finding)
    }
  }

  /// What the descriptors of the process say about an address.
  func vadAnswer(
    of address: VirtualAddress, failure: inout KernelReadFailure?
  ) -> PageFinding.VADAnswer {
    guard let process else { return .unknown("the process is not known") }
    guard let vads else { return .unknown("the structures of the kernel are not known") }
    do throws(KernelReadFailure) {
      let vpn = address.rawValue / frameSize
      guard let vad = try vads.vad(containing: vpn, root: process.vadRoot) else { return .none }
      return .found(vad)
    } catch {
      failure = error
      return .unknown("\(error)")
    }
  }

  private func take(_ vad: VAD, perPage: MMProtection?, into finding: inout PageFinding) {
    let own = perPage == .zeroAccess ? nil : perPage
    finding.protection = own ?? vad.protection
    finding.protectionSource = own == nil ? .vad : .entry
    if vad.kind.isMappedUpFront {
      finding.state = .zero
      finding.content = .nowhere
      finding.rules.append(
        WindowsRule(
          "ranges of kind \(vad.kind.rawValue) are mapped from the start: empty means no access",
          "VAD types in public symbols"))
    } else if vad.isPrivate {
      takePrivate(vad, into: &finding)
    } else {
      followView(vad, perPage: own, into: &finding)
    }
  }

  private func takePrivate(_ vad: VAD, into finding: inout PageFinding) {
    guard vad.isCommitted else {
      finding.state = .zero
      finding.content = .nowhere
      finding.rules.append(
        WindowsRule(
          "the VAD of \(vad.start) to \(vad.last) reserves: pages that are committed one by one have"
            + " entries that are not empty", "MemCommit of the VAD is 0"))
      return
    }
    let isRefused = vad.protection.refusesAccess
    finding.state = isRefused ? .noAccess : .demandZero
    finding.content = isRefused ? .nowhere : .zeros
    finding.rules.append(
      WindowsRule(
        "the VAD of \(vad.start) to \(vad.last) commits private memory: the page is filled with zeros"
          + " at the first access", "MemCommit and PrivateMemory of the VAD are 1"))
  }

  private func followView(_ vad: VAD, perPage: MMProtection?, into finding: inout PageFinding) {
    finding.state = .prototypeVAD
    guard let subsections else { return }
    let vpn = finding.address.rawValue / frameSize
    do throws(KernelReadFailure) {
      switch try subsections.place(ofPage: vpn, in: vad) {
      case .entry(let prototype):
        finding.prototype = prototype
        takePrototype(at: prototype, perPage: perPage, vad: vad, into: &finding)
      case .fileOnly(let subsection, let page):
        finding.state = .subsection
        finding.content = content(of: subsection, page: page)
        finding.rules.append(
          WindowsRule(
            "the subsection at \(subsection.address) has no prototype entries now: the page is in the"
              + " file only", "SubsectionBase is 0"))
      case .beyond:
        finding.state = .zero
        finding.content = .nowhere
        finding.rules.append(
          WindowsRule("the view reaches beyond the subsections of its section", "_SUBSECTION"))
      }
    } catch {
      finding.failure = error
    }
  }
}

extension PageClassifier {
  /// The ranges of addresses of the process; nil where the process or the structures are not known.
  public func vadTree() -> VADTree? {
    guard let process, let vads else { return nil }
    return VADTree(root: process.vadRoot, vads)
  }
}
