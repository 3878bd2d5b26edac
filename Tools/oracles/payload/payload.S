# The payload: executes one access after the other, each with registers and page tables of its own, and
# reports what came of it.
#
# It lives in the first 64 KiB, which the page tables of every case map to themselves: for the supervisor,
# but for the page USER. Its own tables, in OWN_CR3, map all memory in the same paging mode.
# LONG says whether this is 64-bit code.

#if LONG
#define AX %rax
#define BX %rbx
#define CX %rcx
#define DI %rdi
#define SI %rsi
#define SP %rsp
#define WORD 8
#define INDEX_BP %rbp
#define INDEX_DI %rdi
#define IRET iretq
#define KERNEL_CS 0x18
#else
#define AX %eax
#define BX %ebx
#define CX %ecx
#define DI %edi
#define SI %esi
#define SP %esp
#define WORD 4
#define INDEX_BP %ebp
#define INDEX_DI %edi
#define IRET iretl
#define KERNEL_CS 0x08
#endif
#define USER_CS 0x23
#define DATA 0x2b               /* the user's, good for both */
#define TSS 0x30
#define LDT 0x40
#define IMPLICIT_SELECTOR 0xf   /* the second descriptor of the LDT, RPL 3 */

        .equ    USER, 0xf000
        .equ    STACK, 0x7000
        .equ    RECORDS, 0x210000
        .equ    FILL_FROM, 0x400000
        .equ    FILL_TO, 0x1000000

# A record of a case.
        .equ    VA, 0
        .equ    KIND, 8                 # 0 read, 1 write, 2 execute, 3 implicit read
        .equ    BY_USER, 12
        .equ    CR0, 16
        .equ    CR4, 20
        .equ    EFER, 24
        .equ    PKRU, 28
        .equ    PKRS, 32
        .equ    FLAGS, 36
        .equ    CR3, 40
        .equ    ENTRIES, 48             # five physical addresses, or 0
        .equ    RECORD_SIZE, 72

        .org    0x400                   # 0x8000
        .code32
payload:
        jmp     start
        .balign 8
own_cr3:  .long 0                       # at 0x8008, set by whoever writes the disk
own_cr4:  .long 0
own_efer: .long 0
left:     .long 0                       # cases

        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff      # 0x08 code, 32 bits
        .quad   0x00cf93000000ffff      # 0x10 data
        .quad   0x00af9b000000ffff      # 0x18 code, 64 bits
#if LONG
        .quad   0x00affb000000ffff      # 0x20 the user's code
#else
        .quad   0x00cffb000000ffff
#endif
        .quad   0x00cff3000000ffff      # 0x28 the user's data
tss_descriptor: .quad 0x0000890000000067, 0
ldt_descriptor: .quad 0x000082000000ffff, 0
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .long   gdt, 0
        .balign 8
idt_pointer:
        .word   129 * 2 * WORD - 1
        .long   idt, 0
        .balign 8
tss:    .long   0                       # the stack of ring 0
#if LONG
        .quad   STACK
#else
        .long   STACK, 0x10
#endif
        .fill   92, 1, 0
        .balign 8
result: .long   0, 0                    # vector, error code
        .quad   0                       # CR2
        .long   0                       # what was read
after:  .long   0, 0, 0, 0, 0           # the entries
        .equ    RESULT_SIZE, . - result
before: .long   0, 0, 0, 0, 0
record: .long   RECORDS, 0
hello:  .ascii  "MMUB"
goodbye: .ascii "DONE"
shutdown: .ascii "Shutdown"

start:  movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $STACK, %esp
        movl    $tss, %eax
        movw    %ax, tss_descriptor + 2
        movl    own_cr4, %eax
        movl    %eax, %cr4
        movl    own_cr3, %eax
        movl    %eax, %cr3
        movl    own_efer, %eax
        testl   %eax, %eax
        jz      1f
        xorl    %edx, %edx
        movl    $0xc0000080, %ecx
        wrmsr
1:      movl    $0x80000011, %eax
        movl    %eax, %cr0
        ljmp    $KERNEL_CS, $paged
#if LONG
        .code64
#endif
paged:  movl    $DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        lidt    idt_pointer
        movl    $TSS, %eax
        ltr     %ax
        movl    $user_code, %esi
        movl    $USER, %edi
        movl    $user_code_end - user_code, %ecx
        rep movsb
        call    fill_idt
        call    fill_memory
        movl    $hello, %esi
        movl    $4, %ecx
        call    say

next:   cmpl    $0, left
        je      finished
        decl    left
        movl    record, %esi
        addl    $RECORD_SIZE, record
        xorl    %ebp, %ebp
1:      movl    ENTRIES(SI,INDEX_BP,4), %edi
        call    low_word
        movl    %eax, before(,INDEX_BP,4)
        incl    %ebp
        cmpl    $5, %ebp
        jne     1b

        movl    EFER(SI), %eax
        cmpl    %eax, own_efer
        je      1f
        movl    %eax, own_efer
        xorl    %edx, %edx
        movl    $0xc0000080, %ecx
        wrmsr
1:      movl    CR0(SI), %eax
        mov     AX, %cr0
        movl    CR4(SI), %eax
        mov     AX, %cr4
        btl     $22, %eax
        jnc     1f
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        movl    PKRU(SI), %eax
        wrpkru
1:      btl     $24, CR4(SI)
        jnc     1f
        xorl    %edx, %edx
        movl    PKRS(SI), %eax
        movl    $0x6e1, %ecx
        wrmsr
1:      mov     CR3(SI), BX
        mov     VA(SI), AX
        movl    KIND(SI), %edi
        cmpl    $3, %edi
        jne     1f
        call    point_ldt
1:      cmpl    $0, BY_USER(SI)
        jne     as_user
        movl    FLAGS(SI), %ecx
        push    CX
        popf
        movl    $0xcc, %ecx             # what memory holds there already
        mov     BX, %cr3
        cmpl    $1, %edi
        je      1f
        ja      2f
        movl    (AX), %ecx
        int     $0x80
1:      movb    %cl, (AX)
        int     $0x80
2:      jmp     *AX

as_user:
        movl    $DATA, %ecx
        push    CX
        movl    $STACK, %ecx
        push    CX
        movl    FLAGS(SI), %ecx
        push    CX
        movl    $USER_CS, %ecx
        push    CX
        cmpl    $2, %edi
        je      1f
        movl    user_entries(,INDEX_DI,4), %ecx
        push    CX
        jmp     2f
1:      push    AX
2:      movl    $0xcc, %ecx
        movl    $IMPLICIT_SELECTOR, %edx
        mov     BX, %cr3
        IRET

user_code:
user_read:
        movl    (AX), %ecx
        int     $0x80
user_write:
        movb    %cl, (AX)
        int     $0x80
user_implicit:
        movl    %edx, %fs
        int     $0x80
user_code_end:
        .balign 4
user_entries:
        .long   USER, USER + user_write - user_code, 0, USER + user_implicit - user_code

# The LDT's second descriptor is where AX points.
point_ldt:
        lea     -8(AX), CX
        movw    %cx, ldt_descriptor + 2
        shrl    $16, %ecx
        movb    %cl, ldt_descriptor + 4
        movb    %ch, ldt_descriptor + 7
#if LONG
        lea     -8(AX), CX
        shr     $32, CX
        movl    %ecx, ldt_descriptor + 8
#endif
        movb    $0x82, ldt_descriptor + 5
        movl    $LDT, %ecx
        lldt    %cx
        ret

# The low word of the entry at EDI, 0 for no entry.
low_word:
        xorl    %eax, %eax
        testl   %edi, %edi
        jz      1f
        movl    (DI), %eax
1:      ret

# Every exception comes here with its vector and its error code on the stack.
caught: movl    own_cr3, %ebx
        mov     BX, %cr3
        movl    %ecx, result + 16
        mov     %cr2, CX
        mov     CX, result + 8
        pop     CX
        movl    %ecx, result
        pop     CX
        movl    %ecx, result + 4
        movl    $STACK, %esp
        movl    $2, %ecx
        push    CX
        popf
        movl    $DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    record, %esi
        xorl    %ebp, %ebp
1:      movl    ENTRIES - RECORD_SIZE(SI,INDEX_BP,4), %edi
        call    low_word
        movl    %eax, after(,INDEX_BP,4)
        testl   %edi, %edi
        jz      2f
        movl    before(,INDEX_BP,4), %eax
        movl    %eax, (DI)
2:      incl    %ebp
        cmpl    $5, %ebp
        jne     1b
        movl    $result, %esi
        movl    $RESULT_SIZE, %ecx
        call    say
        jmp     next

# Writes ECX bytes at ESI to port 0xe9 and, for who has no file behind that, to the printer.
say:    movb    (SI), %al
        inc     SI
        movl    $0xe9, %edx
        outb    %al, %dx
        movl    $0x378, %edx
        outb    %al, %dx
        movl    $0x37a, %edx
        movb    $0x0d, %al              # strobe
        outb    %al, %dx
        movb    $0x0c, %al
        outb    %al, %dx
        decl    %ecx
        jnz     say
        ret

finished:
        movl    $goodbye, %esi
        movl    $4, %ecx
        call    say
        movl    $shutdown, %esi
        movl    $8, %ecx
        movl    $0x8900, %edx           # ends Bochs
        rep outsb
        movl    $0x501, %edx            # ends QEMU, with isa-debug-exit there
        outb    %al, %dx
1:      hlt
        jmp     1b

# Every word says where it is, but for its lowest byte, which is an INT3.
fill_memory:
        movl    $FILL_FROM, %edi
1:      movl    %edi, %eax
        shll    $6, %eax
        movb    $0xcc, %al
        movl    %eax, (DI)
        addl    $4, %edi
        cmpl    $FILL_TO, %edi
        jne     1b
        ret

fill_idt:
        xorl    %ebp, %ebp
        movl    $idt, %edi
        movl    $stubs, %esi
1:      movl    $KERNEL_CS << 16, %eax
        movw    %si, %ax
        movl    %eax, (DI)
        movl    $0xee00, 4(DI)          # an interrupt gate for all
        add     $2 * WORD, DI
        cmpl    $31, %ebp
        ja      2f
        add     $16, SI
2:      incl    %ebp
        cmpl    $129, %ebp
        jne     1b
        ret

        .balign 16
stubs:
        .set    vector, 0
        .rept   32
        .balign 16
        .if     (1 << vector) & 0x40027d00      # those that push an error code
        .else
        push    $0
        .endif
        push    $vector
        jmp     caught
        .set    vector, vector + 1
        .endr
        .balign 16
        push    $0                      # all others stand for 0x80
        push    $0x80
        jmp     caught

        .balign 16
idt:    .fill   129 * 2 * WORD, 1, 0
        .org    0x7c00 - 0x7c00 + 512 * (1 + PAYLOAD_SECTORS)
