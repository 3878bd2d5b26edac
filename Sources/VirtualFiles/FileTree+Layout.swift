/// Which names there are in which folder.
extension FileTree {
  /// An entry of a folder.
  struct Child {
    let name: String
    let node: FileNode

    init(_ name: String, _ folder: Folder) { (self.name, node) = (name, .folder(folder)) }
    init(_ name: String, _ file: File) { (self.name, node) = (name, .file(file)) }
  }

  /// What is in a folder.
  func children(of folder: Folder) -> [Child] {
    switch folder {
    case .root:
      [
        Child("memory.pmem", .physicalMemory), Child("misc", .misc), Child("name", .byName),
        Child("pid", .byNumber), Child("sys", .system),
      ]
    case .byNumber: processes.all.indices.map { Child("\(processes.all[$0].pid)", .process($0)) }
    case .byName: processes.all.indices.map { Child(processes.all[$0].folder, .process($0)) }
    case .process(let process): self.process(process)
    case .further(let process, let number):
      self.space(processes.all[process].spaces[number], of: process)
    case .virt2phys(let space):
      Virt2PhysFiles.files(of: current.machine).map {
        Child(Virt2PhysFiles.name(of: $0, in: current.machine), .virt2phys($0, space: space))
      }
    case .memmap(let process, let space):
      [Child("pte.txt", .pages(process: process, space: space))]
    case .phys2virt(let process):
      [
        Child("phys.txt", .askedAddress(process: process)), Child("readme.txt", .ownersReadme),
        Child("virt.txt", .owners(process: process)),
      ]
    case .misc: [Child("phys2virt", .phys2virt(process: nil))]
    case .system: [Child("proc", .systemProcesses)]
    case .systemProcesses: [Child("proc.txt", .processList)]
    }
  }

  /// What has this name in a folder.
  func child(_ name: String, of folder: Folder) -> FileNode? {
    switch folder {
    // There may be very many processes.
    case .byNumber: processes.process(numbered: name).map { .folder(.process($0)) }
    case .byName: processes.process(named: name).map { .folder(.process($0)) }
    default: children(of: folder).first { $0.name == name }?.node
    }
  }

  private func process(_ process: Int) -> [Child] {
    let spaces = processes.all[process].spaces
    return [
      Child("name.txt", .name(process: process)), Child("pid.txt", .pid(process: process)),
      Child("ppid.txt", .parent(process: process)), Child("state.txt", .state(process: process)),
    ] + space(spaces[0], of: process)
      + [Child("phys2virt", .phys2virt(process: process))]
      + spaces.indices.dropFirst().map {
        Child("root-\($0 + 1)", .further(process: process, number: $0))
      }
  }

  private func space(_ space: Int, of process: Int) -> [Child] {
    [
      Child("dtb.txt", .root(space: space)), Child("memory.vmem", .virtualMemory(space: space)),
      Child("memmap", .memmap(process: process, space: space)),
      Child("virt2phys", .virt2phys(space: space)),
    ]
  }
}
