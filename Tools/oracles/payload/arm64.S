// Asks an arm64 processor about translations by EL1 and EL0: AT instructions, and accesses that
// are made.
//
// Runs at EL2 without an MMU of its own, so that the tables of EL1 need not map it. An access is
// made at EL1 or EL0 by the gate, a page that one half maps read-only and executable for both. The
// gate is the vector page of EL1 too: every exception that EL1 takes, one by SVC at the end of a
// good access among them, goes on to EL2 by HVC.
//
// Addresses and records are those of booted_arm64.py.

        .equ    fill_from, 0x41000000
        .equ    fill_to, 0x41800000
        .equ    records, 0x42000000
        .equ    answers, 0x43800000
        .equ    record_size, 128
        .equ    answer_size, 80
        .equ    entries, 5

        // A record.
        .equ    va, 0
        .equ    operation, 8
        .equ    ttbr0, 16
        .equ    ttbr1, 24
        .equ    tcr, 32
        .equ    sctlr, 40
        .equ    pan, 48
        .equ    gate_va, 56
        .equ    entry_addresses, 64
        .equ    written, 104

        // An answer: PAR_EL1 or ESR_EL1, FAR_EL1, what a read found, ESR_EL2, entries after.
        .equ    far, 8
        .equ    value, 16
        .equ    esr_el2_, 24
        .equ    entries_after, 32

        .equ    hcr_rw, 1 << 31
        .equ    spsr_el1h, 0x3c5
        .equ    spsr_el0t, 0x3c0
        .equ    first_access, 8         // operations below are AT
        .equ    as_user, 16
        .equ    do_write, 1
        .equ    do_execute, 2

        .text
        .globl  _start
_start:
        adr     x0, vectors
        msr     vbar_el2, x0
        ldr     x0, =hcr_rw
        msr     hcr_el2, x0
        mov     x0, #-1                 // all memory types are Normal, write-back
        msr     mair_el1, x0
        msr     pan, #0

        // What lies in the pages tells where it is: BRK with bits of the address.
        ldr     x0, =fill_from
        ldr     x1, =fill_to
        ldr     w5, =0xd4200000
1:      ubfx    x2, x0, #12, #11
        ubfx    x3, x0, #2, #5
        orr     x2, x3, x2, lsl #5
        orr     w4, w5, w2, lsl #5
        str     w4, [x0], #4
        cmp     x0, x1
        b.lo    1b

        ldr     x19, =records
        ldr     x21, [x19], #record_size
        ldr     x20, =answers
        cbz     x21, done

next:
        ldr     x0, [x19, #ttbr0]
        msr     ttbr0_el1, x0
        ldr     x0, [x19, #ttbr1]
        msr     ttbr1_el1, x0
        ldr     x0, [x19, #tcr]
        msr     tcr_el1, x0
        ldr     x0, [x19, #sctlr]
        msr     sctlr_el1, x0
        isb
        tlbi    vmalle1
        dsb     sy
        isb

        adr     x22, saved
        add     x23, x19, #entry_addresses
        mov     x24, #entries
1:      ldr     x0, [x23], #8
        cbz     x0, 2f
        ldr     x1, [x0]
        str     x1, [x22], #8
        sub     x24, x24, #1
        cbnz    x24, 1b
2:
        ldr     x0, [x19, #va]
        ldr     x1, [x19, #operation]
        ldr     x2, [x19, #pan]
        cmp     x1, #first_access
        b.hs    access
        cbz     x2, 3f
        msr     pan, #1
3:      adr     x3, translations
        add     x3, x3, x1, lsl #3
        br      x3
translations:
        at      s1e0r, x0
        b       translated
        at      s1e0w, x0
        b       translated
        at      s1e1r, x0
        b       translated
        at      s1e1w, x0
        b       translated
        at      s1e1rp, x0
        b       translated
        at      s1e1wp, x0
translated:
        isb
        mrs     x0, par_el1
        stp     x0, xzr, [x20]
        stp     xzr, xzr, [x20, #value]
        b       finish

access:
        ldr     x3, [x19, #gate_va]
        msr     vbar_el1, x3
        msr     esr_el1, xzr
        msr     far_el1, xzr
        add     x4, x3, #read_code - gate
        tst     x1, #do_write
        b.eq    1f
        add     x4, x3, #write_code - gate
1:      tst     x1, #do_execute
        csel    x4, x0, x4, ne
        msr     elr_el2, x4
        mov     x4, #spsr_el1h
        mov     x5, #spsr_el0t
        tst     x1, #as_user
        csel    x4, x5, x4, ne
        orr     x4, x4, x2, lsl #22     // SPSR_EL2.PAN
        msr     spsr_el2, x4
        mov     x1, x0
        ldr     w0, [x19, #written]
        eret

from_el1:
        mrs     x1, esr_el1
        mrs     x2, far_el1
        stp     x1, x2, [x20]
        mrs     x3, esr_el2
        stp     x0, x3, [x20, #value]

finish:
        msr     pan, #0
        adr     x22, saved
        add     x23, x19, #entry_addresses
        add     x25, x20, #entries_after
        mov     x24, #entries
1:      ldr     x0, [x23], #8
        cbz     x0, 2f
        ldr     x1, [x0]
        str     x1, [x25], #8
        ldr     x1, [x22], #8
        str     x1, [x0]
        sub     x24, x24, #1
        cbnz    x24, 1b
2:      add     x19, x19, #record_size
        add     x20, x20, #answer_size
        sub     x21, x21, #1
        cbnz    x21, next

done:
        // Semihosting: the answers become the file `told`.
        adr     x23, parameters
        adr     x0, name
        mov     x1, #5                  // "wb"
        stp     x0, x1, [x23]
        mov     x0, #4
        str     x0, [x23, #16]
        mov     w0, #1                  // SYS_OPEN
        mov     x1, x23
        hlt     #0xf000
        ldr     x1, =answers
        sub     x2, x20, x1
        stp     x0, x1, [x23]
        str     x2, [x23, #16]
        mov     w0, #5                  // SYS_WRITE
        mov     x1, x23
        hlt     #0xf000
        mov     w0, #2                  // SYS_CLOSE
        mov     x1, x23
        hlt     #0xf000
stop:   ldr     x0, =0x20026            // ADP_Stopped_ApplicationExit
        adr     x23, parameters
        stp     x0, xzr, [x23]
        mov     w0, #0x18               // SYS_EXIT
        mov     x1, x23
        hlt     #0xf000
        b       .

        .ltorg
name:   .asciz  "told"
        .balign 8
saved:  .space  8 * entries
parameters:
        .space  24

        // Of EL2: only exceptions from EL1 and EL0 are expected.
        .balign 2048
vectors:
        .rept   8
        b       stop
        .balign 128
        .endr
        b       from_el1
        .balign 128
        .rept   7
        b       stop
        .balign 128
        .endr

        // Of EL1, and what EL1 and EL0 do.
        .balign 65536
gate:
        .rept   16
        hvc     #1
        .balign 128
        .endr
read_code:
        ldr     w0, [x1]
        svc     #0
write_code:
        str     w0, [x1]
        svc     #0
