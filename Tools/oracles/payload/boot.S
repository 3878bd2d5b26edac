# The boot sector: loads the payload behind it and the memory behind that, and enters protected mode.
#
# Disk: this sector, the payload (to 0x7e00), then the memory from 0x100000 on. Whoever writes the disk
# puts the number of 32 KiB pieces of that memory at offset 0x1f8 of this sector.

        .equ    PAYLOAD_SECTORS, 33
        .equ    BUFFER, 0x10000

        .code16
        .globl  _start
_start: cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7000, %sp
        movb    %dl, drive
        inb     $0x92, %al              # A20
        orb     $2, %al
        outb    %al, $0x92
        call    read                    # the payload
        movw    $64, packet_count
        movw    $0, packet_offset
        movw    $BUFFER >> 4, packet_segment
        movl    $1 + PAYLOAD_SECTORS, packet_sector
1:      cmpl    $0, pieces
        je      enter
        call    read
        call    copy
        addl    $64, packet_sector
        decl    pieces
        jmp     1b

read:   sti
        movb    $0x42, %ah
        movb    drive, %dl
        movw    $packet, %si
        int     $0x13
        cli
        jc      fail
        ret

# Copies the buffer to where the memory goes on; data segments reach 4 GiB only in between.
copy:   lgdtl   gdt_pointer
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        movw    $0x10, %bx
        movw    %bx, %ds
        movw    %bx, %es
        movl    $BUFFER, %esi
        movl    destination, %edi
        movl    $32768 / 4, %ecx
        cld
        addr32 rep movsl
        movl    %edi, destination
        andb    $0xfe, %al
        movl    %eax, %cr0
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        ret

enter:  lgdtl   gdt_pointer
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $0x08, $payload

fail:   movw    $0xe9, %dx
        movb    $'?', %al
        outb    %al, %dx
        hlt
        jmp     fail

        .balign 8
packet: .byte   16, 0                   # of the BIOS's extended read
packet_count:   .word PAYLOAD_SECTORS
packet_offset:  .word 0x7e00
packet_segment: .word 0
packet_sector:  .long 1, 0
drive:          .byte 0
        .balign 4
destination:    .long 0x100000
        .org    0x1f8
pieces: .long   0
        .org    0x1fe
        .word   0xaa55

#include "payload.S"
