/// What the kernel does about a page so that an access can be made.
///
/// The functions of the verdict say how the kernel gets there; this is what it comes to.
public enum LinuxResolution: String, Hashable, Sendable {
  /// The page of zeros that all share is mapped, read-only.
  case mapZeroPage = "map-zero-page"
  /// A page is taken from free memory and filled with zeros.
  case makePage = "make-page"
  /// The same with a huge page; the huge page of zeros for a read.
  case makeHugePage = "make-huge-page"
  /// The page of the file is mapped.
  case mapFilePage = "map-file-page"
  /// The page of the file is copied to a page of the process's own.
  case copyFilePage = "copy-file-page"
  /// The page is read from swap, or found in the swap cache.
  case swapIn = "swap-in"
  /// The same, and the page is copied at once, for others have it too.
  case swapInAndCopy = "swap-in-and-copy"
  /// The same, and the program waits for whoever reads the userfaultfd.
  case swapInAndWait = "swap-in-and-wait"
  /// The rights that the entry lacks are put back.
  case restoreRights = "restore-rights"
  /// The page is copied to a page of the process's own.
  case copyPage = "copy-page"
  /// The entry is made writable.
  case makeWritable = "make-writable"
  /// The one or the other, by who else has the page.
  case copyOrMakeWritable = "copy-or-make-writable"
  /// The huge page is split; the small page is looked at again.
  case split
  /// Nothing but the used bit, if that.
  case tryAgain = "try-again"
  /// The program waits: for a page on its way, for a driver, for whoever reads the userfaultfd.
  case wait
}
