/// What the files `readme.txt` say.
enum Readme {
  static let virt2phys = """
    virt2phys: how one virtual address is translated

    Write an address to virt.txt, in hexadecimal, and the other files follow:
      virt.txt   the virtual address; 400000, 0x40_0000 and fffff800`12345678 are all understood
      phys.txt   the physical address; zeros where no page is mapped
      map.txt    for each table its physical address, the byte offset of the entry, and the entry
      pt_*.mem   the tables; zeros where the walk does not get so far
      page.mem   the 4 KiB of memory at the address
    The files .mem can be written to. What is written stands over the image and never changes it.
    What the image does not hold cannot be read: that is an input/output error, not zeros.

    """

  static let phys2virt = """
    phys2virt: which virtual addresses map one physical address

    Write a physical address to phys.txt, in hexadecimal, and read virt.txt. In a process's folder it has
    one address a line, those of that process; in misc/phys2virt the number of the process comes first.

    """
}
