import CFuse3
import Glibc
import Synchronization
public import VirtualFiles

/// Why a tree cannot be mounted, or is not any longer.
public enum MountFailure: Error, Hashable, CustomStringConvertible, Sendable {
  /// Something that is needed is not on this machine.
  case unavailable(String)
  /// The folder is none, or nothing can be mounted there.
  case refused(folder: String, reason: String)
  /// The connection to the kernel broke.
  case broken(code: Int32)

  /// The failure in words.
  public var description: String {
    switch self {
    case .unavailable(let reason): reason
    case .refused(let folder, let reason): "\(folder): cannot mount there: \(reason)"
    case .broken(let code):
      "the connection to the kernel broke: \(unsafe String(cString: strerror(code)))"
    }
  }
}

extension MountFailure {
  /// Why a mount was refused, as far as it is known.
  ///
  /// What fusermount3 has to say it writes for the user itself, and libfuse does not hear it.
  ///
  /// - Parameters:
  ///   - message: what libfuse says.
  ///   - allowsOthers: whether other users were to see the files.
  ///   - isRoot: whether root asks, who mounts without fusermount3.
  /// - Returns: the reason.
  public static func reason(message: String, allowsOthers: Bool, isRoot: Bool) -> String {
    switch (message.isEmpty, isRoot, allowsOthers) {
    case (false, _, _): message
    case (true, true, _): "FUSE does not say why"
    case (true, false, true):
      "fusermount3 refused; a user may let others in only where /etc/fuse.conf has the line user_allow_other: ask root for it, or leave --allow-other out"
    case (true, false, false): "fusermount3 refused, and says why on the line before"
    }
  }
}

/// A tree of files at a folder of the system, by way of FUSE.
public struct FuseMount {
  private let tree: FileTree
  private let folder: String
  private let options: String
  private let allowsOthers: Bool

  /// Prepares a mount.
  ///
  /// - Parameters:
  ///   - tree: the files.
  ///   - folder: the folder that they appear in.
  ///   - allowsOthers: whether other users see them too.
  /// - Throws: `MountFailure` where it is plain that this cannot be.
  public init(
    _ tree: FileTree, at folder: String, allowsOthers: Bool = false
  ) throws(MountFailure) {
    self.tree = tree
    self.folder = folder
    self.allowsOthers = allowsOthers
    options =
      "fsname=mmubench,subtype=mmubench,default_permissions"
      + (allowsOthers ? ",allow_other" : "")
    try Self.requireFuse()
    try Self.require(folder)
  }

  /// Serves the files until the folder is unmounted or SIGINT, SIGQUIT, SIGTERM or SIGHUP comes; then the
  /// folder is as it was.
  ///
  /// - Parameter ready: called when the folder shows the files.
  /// - Throws: `MountFailure`.
  public func serve(_ ready: () -> Void) throws(MountFailure) {
    let served = ServedTree(tree)
    let state = unsafe Unmanaged.passRetained(served)
    defer { unsafe state.release() }
    FuseMessages.collect()
    var operations = FuseOperations.all
    let instance = unsafe Self.withArguments(["mmubench", "-o", options]) { arguments in
      unsafe fuse_new(
        arguments, &operations, MemoryLayout<fuse_operations>.size, state.toOpaque())
    }
    guard let instance = unsafe instance else { throw refused }
    defer { unsafe fuse_destroy(instance) }
    // Before there is a mount, so that no signal can leave one behind.
    let session = unsafe fuse_get_session(instance)
    Self.unignoreInterrupts()
    guard unsafe fuse_set_signal_handlers(session) == 0 else { throw refused }
    Self.handleQuit()
    defer { signal(SIGQUIT, SIG_DFL) }
    Self.unblockSignals()
    defer { unsafe fuse_remove_signal_handlers(session) }
    guard unsafe fuse_mount(instance, folder) == 0 else { throw refused }
    defer { unsafe fuse_unmount(instance) }
    ready()
    // A positive number is the signal that ended the loop.
    let code = unsafe fuse_loop_mt_31(instance, 0)
    guard code >= 0 else { throw .broken(code: -code) }
  }

  /// A shell starts what is in the background with SIGINT ignored, and libfuse leaves it so.
  private static func unignoreInterrupts() { signal(SIGINT, SIG_DFL) }

  /// libfuse leaves SIGQUIT alone, which would end the program and leave the mount behind; it gets the handler
  /// of SIGTERM.
  private static func handleQuit() {
    var handler = sigaction()
    unsafe sigaction(SIGTERM, nil, &handler)
    unsafe sigaction(SIGQUIT, &handler, nil)
  }

  /// Whoever started the program may have had the signals blocked that end it.
  private static func unblockSignals() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, signal) }
    unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  private var refused: MountFailure {
    .refused(
      folder: folder,
      reason: MountFailure.reason(
        message: FuseMessages.last, allowsOthers: allowsOthers, isRoot: geteuid() == 0))
  }

  private static func withArguments<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<fuse_args>) -> Result
  ) -> Result {
    var pointers = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe pointers.withUnsafeMutableBufferPointer { pointers in
      var arguments = unsafe fuse_args(
        argc: Int32(texts.count), argv: pointers.baseAddress, allocated: 0)
      defer { unsafe fuse_opt_free_args(&arguments) }
      return unsafe body(&arguments)
    }
  }

  private static func requireFuse() throws(MountFailure) {
    guard unsafe access("/dev/fuse", F_OK) == 0 else {
      throw .unavailable("/dev/fuse is not there: this system has no FUSE, or does not show it")
    }
    let helpers = ["/usr/bin/fusermount3", "/bin/fusermount3", "/usr/local/bin/fusermount3"]
    guard geteuid() == 0 || helpers.contains(where: { unsafe access($0, X_OK) == 0 }) else {
      throw .unavailable("fusermount3 is not installed (Debian's fuse3); only root mounts without")
    }
  }

  private static func require(_ folder: String) throws(MountFailure) {
    var status = stat()
    guard unsafe stat(folder, &status) == 0 else {
      let reason =
        errno == ENOTCONN
        ? "a mount whose program is gone; `umount \(folder)` removes it"
        : unsafe String(cString: strerror(errno))
      throw .refused(folder: folder, reason: reason)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw .refused(folder: folder, reason: "it is no folder")
    }
  }
}

/// What the callbacks of a mount share.
final class ServedTree: Sendable {
  let tree: FileTree
  /// When the mount was made: what every file says it was changed at.
  let time = Glibc.time(nil)

  init(_ tree: FileTree) { self.tree = tree }
}

/// What libfuse has to say, which goes into our own messages.
enum FuseMessages {
  private static let text = Mutex("")

  static var last: String { text.withLock { $0 } }

  static func collect() {
    text.withLock { $0 = "" }
    unsafe fuse_set_log_func { _, format, arguments in
      guard let format = unsafe format, let arguments = unsafe arguments else { return }
      var buffer = [CChar](repeating: 0, count: 512)
      unsafe vsnprintf(&buffer, buffer.count, format, arguments)
      let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").last
      FuseMessages.text.withLock { $0 = line.map(String.init) ?? $0 }
    }
  }
}
