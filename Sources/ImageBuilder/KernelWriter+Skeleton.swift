import PhysicalMemory
import WindowsMemory

/// What a skeleton has beside the structures that the builder writes anyway.
extension KernelWriter {
  func set(_ place: HeaderPlace, of address: UInt64, to value: UInt64) {
    store(value, at: address + place.offset, size: place.size)
  }

  func write(_ plan: SkeletonPlan, system: UInt64) {
    write(plan.image)
    write(plan.image, system: system, plan.version)
    set(
      SharedUserData.version(structures.kernel, build: plan.version.build),
      of: SkeletonPlan.sharedData)
  }

  // MARK: - The kernel's image

  private func write(_ image: KernelImage) {
    let base = image.base
    set(PEHeader.magic, of: base, to: PEHeader.mz)
    set(PEHeader.newHeader, of: base, to: PEHeader.start)
    let start = base + PEHeader.start
    set(PEHeader.newSignature, of: start, to: PEHeader.signature)
    set(PEHeader.machine, of: start, to: PEHeader.amd64)
    set(PEHeader.numberOfSections, of: start, to: UInt64(KernelImage.sections.count))
    set(PEHeader.sizeOfOptionalHeader, of: start, to: PEHeader.optionalSize)
    set(PEHeader.fileCharacteristics, of: start, to: PEHeader.characteristics)
    let optional = start + PEHeader.optional
    set(PEHeader.optionalMagic, of: optional, to: PEHeader.pe32Plus)
    set(PEHeader.entryPoint, of: optional, to: image.entryPoint - base)
    set(PEHeader.imageBase, of: optional, to: base)
    set(PEHeader.sectionAlignment, of: optional, to: frameSize)
    set(PEHeader.fileAlignment, of: optional, to: frameSize)
    set(PEHeader.sizeOfImage, of: optional, to: KernelImage.size)
    set(PEHeader.sizeOfHeaders, of: optional, to: frameSize)
    set(PEHeader.subsystem, of: optional, to: PEHeader.nativeSubsystem)
    set(PEHeader.numberOfDirectories, of: optional, to: PEHeader.directoryCount)
    set(PEHeader.exportAddress, of: optional, to: image.exportDirectory - base)
    set(PEHeader.exportSize, of: optional, to: writeExports(of: image))
    set(PEHeader.debugAddress, of: optional, to: image.debugDirectory - base)
    set(PEHeader.debugSize, of: optional, to: PEDebug.size)
    writeDebugDirectory(of: image)
    for (index, section) in KernelImage.sections.enumerated() {
      write(
        section, at: optional + PEHeader.optionalSize + UInt64(index) * PESection.size)
    }
  }

  private func write(_ section: KernelImage.Section, at address: UInt64) {
    let size = section.pages * frameSize
    store(Array(section.name.utf8.prefix(PESection.nameSize)), at: address)
    set(PESection.virtualSize, of: address, to: size)
    set(PESection.virtualAddress, of: address, to: section.offset)
    set(PESection.sizeOfRawData, of: address, to: size)
    set(PESection.pointerToRawData, of: address, to: section.offset)
    var flags = PESection.read | (section.isExecutable ? PESection.code : PESection.data)
    if section.isExecutable { flags |= PESection.execute }
    if section.isWritable { flags |= PESection.write }
    set(PESection.characteristics, of: address, to: flags)
  }

  /// Writes the export directory with all that it names; gives its size.
  private func writeExports(of image: KernelImage) -> UInt64 {
    let directory = image.exportDirectory
    let count = UInt64(image.exported.count)
    let functions = directory + PEExports.size
    let names = functions + 4 * count
    let ordinals = names + 4 * count
    var text = ordinals + 2 * count
    func storeText(_ string: String) -> UInt64 {
      store(Array(string.utf8) + [0], at: text)
      defer { text += UInt64(string.utf8.count) + 1 }
      return text - image.base
    }
    set(PEExports.name, of: directory, to: storeText(KernelImage.name))
    set(PEExports.base, of: directory, to: 1)
    set(PEExports.numberOfFunctions, of: directory, to: count)
    set(PEExports.numberOfNames, of: directory, to: count)
    set(PEExports.functions, of: directory, to: functions - image.base)
    set(PEExports.names, of: directory, to: names - image.base)
    set(PEExports.ordinals, of: directory, to: ordinals - image.base)
    for (index, export) in image.exported.enumerated() {
      let index = UInt64(index)
      store(export.address - image.base, at: functions + 4 * index, size: 4)
      store(storeText(export.name), at: names + 4 * index, size: 4)
      store(index, at: ordinals + 2 * index, size: 2)
    }
    return text - directory
  }

  private func writeDebugDirectory(of image: KernelImage) {
    let directory = image.debugDirectory
    let record = directory + PEDebug.size.roundedUp(to: 16)
    let name = Array(KernelImage.symbols.utf8) + [0]
    set(PEDebug.type, of: directory, to: PEDebug.codeView)
    set(PEDebug.sizeOfData, of: directory, to: PEDebug.fileName + UInt64(name.count))
    set(PEDebug.address, of: directory, to: record - image.base)
    set(PEDebug.pointer, of: directory, to: record - image.base)
    store(Array(PEDebug.codeViewSignature.utf8), at: record)
    store(Array(KernelImage.symbolsIdentity.utf8), at: record + PEDebug.identity)
    set(PEDebug.age, of: record, to: 1)
    store(name, at: record + PEDebug.fileName)
  }

  private func write(_ image: KernelImage, system: UInt64, _ version: SkeletonPlan.Version) {
    store(pointer: system, at: image.initialSystemProcess)
    store(pointer: image.loadedModuleList, at: image.loadedModuleList)
    store(
      pointer: image.loadedModuleList,
      at: image.loadedModuleList + UInt64(structures.pointerSize))
    // The high half says that the build is a free one.
    store(Self.freeBuild | version.build, at: image.buildNumber, size: 4)
  }

  private static let freeBuild: UInt64 = 0xf000_0000

  // MARK: - Pool

  /// Writes the headers of pieces of pool, and before records those of objects.
  func writeHeaders(of blocks: [PoolBlock]) {
    let kernel = structures.kernel
    for block in blocks {
      guard let size = kernel.size(of: "_POOL_HEADER") else { return }
      var header = block.address - size
      if block.tag == .process, let body = kernel.member("Body", of: "_OBJECT_HEADER")?.offset {
        let object = block.address - body
        set(kernel.member("PointerCount", of: "_OBJECT_HEADER"), of: object, to: 1)
        set(kernel.member("HandleCount", of: "_OBJECT_HEADER"), of: object, to: 1)
        header = object - size
      }
      let units = (block.address + block.size - header).roundedUp(to: size) / size
      set(kernel.member("BlockSize", of: "_POOL_HEADER"), of: header, to: min(units, 0xff))
      set(kernel.member("PoolType", of: "_POOL_HEADER"), of: header, to: 2)
      guard let tag = kernel.member("PoolTag", of: "_POOL_HEADER") else { return }
      store(block.tag.bytes, at: header + tag.offset)
    }
  }

  // MARK: - Processes

  /// Writes the name of a program where the kernel keeps it for its audit: a counted string with its
  /// text behind it.
  func writeImageName(_ name: [UInt16], at address: UInt64) {
    let bytes = name.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    store(UInt64(bytes.count), at: address, size: 2)
    store(UInt64(bytes.count + 2), at: address + 2, size: 2)
    store(pointer: address + SkeletonPlan.imageNameHeader, at: address + 8)
    store(bytes, at: address + SkeletonPlan.imageNameHeader)
  }

  /// Writes an environment block; this writer is then one for the addresses of the process.
  func writeBlock(at address: UInt64, _ version: SkeletonPlan.Version) {
    let kernel = structures.kernel
    func set(_ name: String, _ value: UInt64) {
      self.set(kernel.member(name, of: "_PEB"), of: address, to: value)
    }
    set("OSMajorVersion", version.major)
    set("OSMinorVersion", version.minor)
    set("OSBuildNumber", version.build)
    set("OSPlatformId", 2)
  }
}
