import CFuse3
import Glibc
import VirtualFiles

/// What the kernel asks, answered by the tree: each callback returns 0, a count, or a negative error.
enum FuseOperations {
  static var all: fuse_operations {
    var operations = fuse_operations()
    addLooking(to: &operations)
    addOpening(to: &operations)
    addContents(to: &operations)
    addRefusals(to: &operations)
    return operations
  }

  private static var served: ServedTree {
    unsafe Unmanaged.fromOpaque(fuse_get_context().pointee.private_data).takeUnretainedValue()
  }

  private static func answer(_ body: () throws(FileFailure) -> Int) -> Int32 {
    do throws(FileFailure) { return Int32(try body()) } catch { return -error.code }
  }

  private static func path(_ text: UnsafePointer<CChar>?) -> String {
    unsafe text.map { unsafe String(cString: $0) } ?? ""
  }

  private static func addLooking(to operations: inout fuse_operations) {
    unsafe operations.`init` = { _, configuration in
      // Other programs write to the files that one has open: nothing is kept but the names.
      unsafe configuration?.pointee.direct_io = 1
      unsafe configuration?.pointee.attr_timeout = 0
      unsafe configuration?.pointee.negative_timeout = 0
      return unsafe fuse_get_context().pointee.private_data
    }
    unsafe operations.getattr = { path, status, _ in
      FuseOperations.answer { () throws(FileFailure) in
        let served = FuseOperations.served
        let attributes = try served.tree.attributes(of: unsafe FuseOperations.path(path))
        unsafe FuseOperations.fill(status, attributes, served)
        return 0
      }
    }
    unsafe operations.readdir = { path, buffer, fill, _, _, _ in
      FuseOperations.answer { () throws(FileFailure) in
        let names = try FuseOperations.served.tree.names(in: unsafe FuseOperations.path(path))
        for name in [".", ".."] + names {
          guard unsafe fill?(buffer, name, nil, 0, fuse_fill_dir_flags(rawValue: 0)) == 0 else {
            break
          }
        }
        return 0
      }
    }
  }

  private static func fill(
    _ status: UnsafeMutablePointer<stat>?, _ attributes: FileAttributes, _ served: ServedTree
  ) {
    guard let status = unsafe status else { return }
    unsafe status.pointee = stat()
    unsafe status.pointee.st_mode =
      attributes.isFolder ? S_IFDIR | 0o555 : S_IFREG | (attributes.isWritable ? 0o644 : 0o444)
    unsafe status.pointee.st_nlink = attributes.isFolder ? 2 : 1
    unsafe status.pointee.st_size = off_t(clamping: attributes.size)
    unsafe status.pointee.st_uid = geteuid()
    unsafe status.pointee.st_gid = getegid()
    unsafe status.pointee.st_mtim.tv_sec = served.time
    unsafe status.pointee.st_ctim.tv_sec = served.time
    unsafe status.pointee.st_atim.tv_sec = served.time
  }
}

/// The files that are open: each is kept alive by the number that the kernel has for it.
extension FuseOperations {
  private static func file(_ info: UnsafeMutablePointer<fuse_file_info>?) -> OpenFile? {
    guard let number = unsafe info?.pointee.fh, number != 0,
      let pointer = unsafe UnsafeRawPointer(bitPattern: UInt(number))
    else { return nil }
    return unsafe Unmanaged<OpenFile>.fromOpaque(pointer).takeUnretainedValue()
  }

  private static func addOpening(to operations: inout fuse_operations) {
    unsafe operations.open = { path, info in
      FuseOperations.answer { () throws(FileFailure) in
        guard let info = unsafe info else { throw .notFound }
        let flags = unsafe info.pointee.flags
        let file = try FuseOperations.served.tree.open(
          unsafe FuseOperations.path(path), forWriting: flags & O_ACCMODE != O_RDONLY)
        if flags & O_TRUNC != 0 { file.truncate() }
        let pointer = unsafe Unmanaged.passRetained(file).toOpaque()
        unsafe info.pointee.fh = UInt64(UInt(bitPattern: pointer))
        return 0
      }
    }
    unsafe operations.release = { _, info in
      guard let number = unsafe info?.pointee.fh,
        let pointer = unsafe UnsafeRawPointer(bitPattern: UInt(number))
      else { return 0 }
      unsafe Unmanaged<OpenFile>.fromOpaque(pointer).release()
      return 0
    }
    unsafe operations.flush = { _, info in
      FuseOperations.answer { () throws(FileFailure) in
        try unsafe FuseOperations.file(info)?.flush()
        return 0
      }
    }
  }

  /// The bytes of files that are open.
  private static func addContents(to operations: inout fuse_operations) {
    unsafe operations.read = { _, buffer, count, offset, info in
      FuseOperations.answer { () throws(FileFailure) in
        guard let file = unsafe FuseOperations.file(info), let buffer = unsafe buffer else {
          throw .notFound
        }
        let bytes = try file.read(at: UInt64(offset), count: count)
        unsafe bytes.withUnsafeBytes { bytes in
          unsafe UnsafeMutableRawBufferPointer(start: buffer, count: count).copyMemory(from: bytes)
        }
        return bytes.count
      }
    }
    unsafe operations.write = { _, buffer, count, offset, info in
      FuseOperations.answer { () throws(FileFailure) in
        guard let file = unsafe FuseOperations.file(info), let buffer = unsafe buffer else {
          throw .notFound
        }
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: buffer, count: count))
        return try file.write(bytes, at: UInt64(offset))
      }
    }
    unsafe operations.truncate = { path, _, info in
      FuseOperations.answer { () throws(FileFailure) in
        guard let file = unsafe FuseOperations.file(info) else {
          // By its name alone there is nothing to begin anew; who may not write is told so.
          _ = try FuseOperations.served.tree.open(
            unsafe FuseOperations.path(path), forWriting: true)
          return 0
        }
        file.truncate()
        return 0
      }
    }
    unsafe operations.utimens = { _, _, _ in 0 }
  }

  /// The layout is what it is: no file comes, goes or changes its name or owner.
  private static func addRefusals(to operations: inout fuse_operations) {
    unsafe operations.mknod = { _, _, _ in -EPERM }
    unsafe operations.mkdir = { _, _ in -EPERM }
    unsafe operations.unlink = { _ in -EPERM }
    unsafe operations.rmdir = { _ in -EPERM }
    unsafe operations.symlink = { _, _ in -EPERM }
    unsafe operations.rename = { _, _, _ in -EPERM }
    unsafe operations.link = { _, _ in -EPERM }
    unsafe operations.chmod = { _, _, _ in -EPERM }
    unsafe operations.chown = { _, _, _, _ in -EPERM }
  }
}

extension FileFailure {
  /// The error number that programs get.
  fileprivate var code: Int32 {
    switch self {
    case .notFound: ENOENT
    case .isFolder: EISDIR
    case .readOnly: EACCES
    case .notAnAddress: EINVAL
    case .unmapped: ENXIO
    case .absent, .noIndex: EIO
    case .beyondEnd: ENOSPC
    case .system: ENOMEM
    }
  }
}
