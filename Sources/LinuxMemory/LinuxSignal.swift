/// A signal that a program gets for an access, with the code that says why.
///
/// Linux include/uapi/asm-generic/siginfo.h.
public enum LinuxSignal: String, Hashable, Sendable, CaseIterable {
  /// Nothing is mapped at the address.
  case mapError = "SEGV_MAPERR"
  /// The area does not allow the access.
  case accessError = "SEGV_ACCERR"
  /// A protection key refuses the access (4.6).
  case protectionKey = "SEGV_PKUERR"
  /// The processor raised another exception than a page fault; the signal names no address.
  case otherException = "SI_KERNEL"
  /// The page is past the end of its file, or cannot be brought in.
  case addressError = "BUS_ADRERR"
  /// The memory of the page is broken.
  case memoryError = "BUS_MCEERR_AR"

  /// `SIGSEGV` or `SIGBUS`.
  public var name: String { number == 7 ? "SIGBUS" : "SIGSEGV" }

  /// The number of the signal, as x86 and arm64 have it.
  public var number: Int {
    switch self {
    case .mapError, .accessError, .protectionKey, .otherException: 11
    case .addressError, .memoryError: 7
    }
  }

  /// The name of the code: `SEGV_MAPERR`.
  public var codeName: String { rawValue }

  /// `si_code`.
  public var code: Int {
    switch self {
    case .mapError: 1
    case .accessError, .addressError: 2
    case .protectionKey, .memoryError: 4
    case .otherException: 128
    }
  }
}
