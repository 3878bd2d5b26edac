/// The keys of what only Linux has.
extension Vocabulary {
  static let linux = KeyTable("linux", "`linux`", ["config"])
  static let vma = KeyTable(
    "vma", "an item of `vmas`", required: ["va", "perms"],
    ["va", "perms", "flags", "file", "name", "file-system", "offset", "file-size", "pkey"])

  /// What only entries of Linux may say.
  static let linuxKeys = ["type", "kind", "markers", "soft-dirty", "uffd-wp", "exclusive"]

  /// The tables that are no expectations of their own.
  static let ofLinux = [linux, vma]
}
