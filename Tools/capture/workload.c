/* The first program of a captured guest: it makes processes with pages of every kind, stops them, and
 * writes to the console what the kernel says of them. It has no C library, so that any compiler for the
 * guest's processor builds it:
 *
 *   gcc -O2 -static -nostdlib -ffreestanding -fno-pic -no-pie -fno-stack-protector workload.c -o init
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned long word;

#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, CLOSE = 3, MMAP = 9, MPROTECT = 10, IOCTL = 16, PREAD = 17, PWRITE = 18,
       MADVISE = 28, GETPID = 39, EXIT = 60, WAIT = 61, KILL = 62, TRUNCATE = 77, MLOCK = 149,
       PRCTL = 157, MOUNT = 165, SWAPON = 167, OPENAT = 257, MKDIRAT = 258, MODULE = 313, UFFD = 323 };
static long call(long n, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
static long fork(void) { return call(57, 0, 0, 0, 0, 0, 0); }
#define START "xor %ebp, %ebp\n and $-16, %rsp\n call run\n"
#elif defined(__i386__)
enum { READ = 3, WRITE = 4, CLOSE = 6, MMAP = 192, MPROTECT = 125, IOCTL = 54, PREAD = 180, PWRITE = 181,
       MADVISE = 219, GETPID = 20, EXIT = 1, WAIT = 114, KILL = 37, TRUNCATE = 93, MLOCK = 150,
       PRCTL = 172, MOUNT = 21, SWAPON = 87, OPENAT = 295, MKDIRAT = 296, MODULE = 350, UFFD = 374 };
static long call(long n, long a, long b, long c, long d, long e, long f) {
  long result;
  __asm__ volatile("pushl %[last]\n pushl %%ebp\n movl 4(%%esp), %%ebp\n int $0x80\n popl %%ebp\n"
                   "addl $4, %%esp"
                   : "=a"(result) : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), [last] "m"(f)
                   : "memory");
  return result;
}
static long fork(void) { return call(2, 0, 0, 0, 0, 0, 0); }
#define START "xor %ebp, %ebp\n and $-16, %esp\n call run\n"
#elif defined(__aarch64__)
enum { READ = 63, WRITE = 64, CLOSE = 57, MMAP = 222, MPROTECT = 226, IOCTL = 29, PREAD = 67, PWRITE = 68,
       MADVISE = 233, GETPID = 172, EXIT = 93, WAIT = 260, KILL = 129, TRUNCATE = 46, MLOCK = 228,
       PRCTL = 167, MOUNT = 40, SWAPON = 224, OPENAT = 56, MKDIRAT = 34, MODULE = 273, UFFD = 282 };
static long call(long n, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}
static long fork(void) { return call(220, 17, 0, 0, 0, 0, 0); }
#define START "mov x29, #0\n bl run\n"
#endif
__asm__(".global _start\n_start:\n" START);

enum { PAGE = 4096, STOP = 19, CONTINUE = 18 };
enum { SHARED = 1, PRIVATE = 2, ANONYMOUS = 0x20, HUGETLB = 0x40000 };
enum { RO = 1, RW = 3 };
#define HERE (-100) /* AT_FDCWD */

/* The compiler may ask for these. */
void *memset(void *to, int value, word count) {
  u8 *p = to;
  while (count--) *p++ = (u8)value;
  return to;
}
void *memcpy(void *to, const void *from, word count) {
  u8 *p = to;
  const u8 *q = from;
  while (count--) *p++ = *q++;
  return to;
}

static long opened(const char *path, int flags) { return call(OPENAT, HERE, (long)path, flags, 0600, 0, 0); }
static void closed(long file) { call(CLOSE, file, 0, 0, 0, 0, 0); }
static long read_at(long file, void *to, word count, u64 at) {
  return call(PREAD, file, (long)to, count, (long)at, sizeof(long) == 4 ? (long)(at >> 32) : 0, 0);
}
static u8 *map(word size, int protection, int flags, long file) {
  return (u8 *)call(MMAP, 0, size, protection, flags, file, 0);
}
static int failed(const void *address) { return (word)address >= (word)-4095; }

/* Output, a line at a time. */
static char line[8192];
static word used;
static void put(const char *text) { while (*text && used < sizeof line - 1) line[used++] = *text++; }
static void hex(u64 number) {
  char digits[17];
  int at = 16;
  digits[16] = 0;
  do { digits[--at] = "0123456789abcdef"[number & 15]; number >>= 4; } while (number);
  put(digits + at);
}
static void decimal(u32 number) {
  char digits[11];
  int at = 10;
  digits[10] = 0;
  do { digits[--at] = (char)('0' + number % 10); number /= 10; } while (number);
  put(digits + at);
}
static void end(void) {
  word done = 0;
  line[used++] = '\n';
  while (done < used) {
    long count = call(WRITE, 1, (long)line + done, used - done, 0, 0, 0);
    if (count > 0) done += count;
  }
  used = 0;
}
static void say(const char *tag, const char *text) { put("@"); put(tag); put(" "); put(text); end(); }
static void answer(void) { char byte = 0; while (byte != '\n') call(READ, 0, (long)&byte, 1, 0, 0, 0); }

/* The pages of a worker. */
static void touch(u8 *at, int pages, int stride) {
  for (int i = 0; i < pages; i += stride) {
    u64 stamp[3] = {0x2153554f49524156ull, (word)at + (word)i * PAGE, (u64)call(GETPID, 0, 0, 0, 0, 0, 0)};
    memcpy(at + (word)i * PAGE, stamp, sizeof stamp);
  }
}
static int look(const u8 *at, int pages) {
  int sum = 0;
  for (int i = 0; i < pages; i++) sum += ((volatile const u8 *)at)[(word)i * PAGE];
  return sum;
}
static u8 *fresh(int pages) {
  u8 *at = map((word)pages * PAGE, RW, PRIVATE | ANONYMOUS, -1);
  touch(at, pages, 1);
  return at;
}
static void protect(u8 *at, int pages, int protection) { call(MPROTECT, (long)at, (word)pages * PAGE, protection, 0, 0, 0); }
static void advise(u8 *at, int pages, int advice) { call(MADVISE, (long)at, (word)pages * PAGE, advice, 0, 0, 0); }

static void anonymous(void) {
  fresh(16);
  map(16 * PAGE, RW, PRIVATE | ANONYMOUS, -1);
  touch(map(16 * PAGE, RW, PRIVATE | ANONYMOUS, -1), 16, 3);
  protect(fresh(8), 8, 0);
  protect(fresh(8), 8, RO);
  look(map(8 * PAGE, RO, PRIVATE | ANONYMOUS, -1), 8);
  u8 *locked = fresh(8);
  call(MLOCK, (long)locked, 8 * PAGE, 0, 0, 0, 0);
  u8 *holes = fresh(16);
  advise(holes + 4 * PAGE, 4, 4); /* MADV_DONTNEED */
}
static void files(void) {
  long file = opened("/data", 0102 /* O_RDWR | O_CREAT */);
  call(TRUNCATE, file, 8 * PAGE, 0, 0, 0, 0);
  touch(map(8 * PAGE, RW, SHARED, file), 6, 1);
  u8 *copy = map(8 * PAGE, RW, PRIVATE, file);
  look(copy, 8);
  touch(copy, 8, 2);
  look(map(12 * PAGE, RO, PRIVATE, file), 8);
  closed(file);
}
static void swapped(void) {
  u8 *pages = fresh(64);
  advise(pages, 48, 21); /* MADV_PAGEOUT */
  look(pages, 8);
  u8 *shared = map(16 * PAGE, RW, SHARED | ANONYMOUS, -1);
  touch(shared, 16, 1);
  advise(shared, 8, 21);
}
static void huge(void) {
  word size = sizeof(long) == 8 ? 2 << 20 : 4 << 20;
  u8 *area = map(4 * size, RW, PRIVATE | ANONYMOUS, -1);
  if (!failed(area)) {
    u8 *start = (u8 *)(((word)area + size - 1) & ~(size - 1));
    call(MADVISE, (long)start, 2 * size, 14 /* MADV_HUGEPAGE */, 0, 0, 0);
    touch(start, 1, 1);
    touch(start + size, 1, 1);
    protect(start + size, 4, RO); /* splits the second */
  }
  u8 *pool = map(2 * (2 << 20), RW, SHARED | ANONYMOUS | HUGETLB, -1);
  if (!failed(pool)) touch(pool, 1, 1);
}
static void soft_dirty(void) {
  u8 *pages = fresh(16);
  long file = opened("/proc/self/clear_refs", 1);
  call(WRITE, file, (long)"4", 1, 0, 0, 0);
  closed(file);
  touch(pages, 16, 2);
  fresh(4);
}
static void write_protected(void) {
  u8 *pages = fresh(16);
  long file = call(UFFD, 1 /* UFFD_USER_MODE_ONLY */, 0, 0, 0, 0, 0);
  if (file < 0) return;
  u64 api[3] = {0xaa, 0, 0};
  u64 area[4] = {(word)pages, 16 * PAGE, 2 /* write-protect */, 0};
  u64 protect[3] = {(word)pages, 8 * PAGE, 1};
  call(IOCTL, file, 0xc018aa3f, (long)api, 0, 0, 0);
  call(IOCTL, file, 0xc020aa00, (long)area, 0, 0, 0);
  call(IOCTL, file, 0xc018aa06, (long)protect, 0, 0, 0);
}

static void rest(void) {
  for (;;) {
    call(KILL, call(GETPID, 0, 0, 0, 0, 0, 0), STOP, 0, 0, 0, 0);
    /* Continued by the first process: the host looks at the root register now. */
    for (volatile word i = 0;; i++) { }
  }
}
enum { LIMIT = 16 };
static u32 workers[LIMIT];
static int count;
static void worker(const char *name, void (*work)(void)) {
  long pid = fork();
  if (pid == 0) {
    call(PRCTL, 15 /* PR_SET_NAME */, (long)name, 0, 0, 0, 0);
    work();
    rest();
  }
  workers[count++] = (u32)pid;
  call(WAIT, pid, 0, 2 /* WUNTRACED */, 0, 0, 0);
}
/* A parent and a child that share pages until one writes. */
static u8 *common, *private;
static void child(void) { touch(private, 16, 2); touch(common, 4, 1); }

/* What the kernel says. */
static char text[1 << 18];
static u64 words[512];

static void runs(const char *tag, long file, u64 first, u64 count, u64 unit, int rises) {
  u64 start = 0, entry = 0, length = 0, step = 0;
  for (u64 at = 0; at <= count; at++) {
    u64 value = 0;
    if (at % 512 == 0 && at < count) {
      u64 wanted = count - at < 512 ? count - at : 512;
      long got = read_at(file, words, (word)wanted * 8, (first + at) * 8);
      if (got < (long)wanted * 8) count = at + (got > 0 ? (u64)got / 8 : 0);
    }
    if (at < count) value = words[at % 512];
    if (at < count && length) {
      /* A page in memory may be on the frame after that of the page before. */
      if (length == 1) step = rises && value == entry + 1 && entry >> 63;
      if (value == entry + length * step) { length++; continue; }
    }
    if (length && (entry || rises)) {
      put("@"); put(tag); put(" "); hex((first + start) * unit); put(" "); hex(length);
      put(" "); hex(entry); put(" "); decimal((u32)step); end();
    }
    (start = at), (entry = value), (length = 1), (step = 0);
  }
}
static u64 number(const char **at) {
  u64 value = 0;
  for (;; ++*at) {
    char c = **at;
    if (c >= '0' && c <= '9') value = value << 4 | (u64)(c - '0');
    else if (c >= 'a' && c <= 'f') value = value << 4 | (u64)(c - 'a' + 10);
    else return value;
  }
}
static word contents(const char *path) {
  long file = opened(path, 0), got = 0;
  word total = 0;
  while (file >= 0 && total < sizeof text - 1
         && (got = call(READ, file, (long)text + total, sizeof text - 1 - total, 0, 0, 0)) > 0)
    total += got;
  if (file >= 0) closed(file);
  text[total] = 0;
  return total;
}
static const char *path(u32 pid, const char *name) {
  static char result[64];
  word kept = used;
  put("/proc/"); decimal(pid); put("/"); put(name);
  memcpy(result, line + kept, used - kept);
  result[used - kept] = 0;
  used = kept;
  return result;
}
static void process(u32 pid) {
  contents(path(pid, "stat"));
  put("@proc "); put(text); used--; end();
  contents(path(pid, "smaps"));
  long pagemap = opened(path(pid, "pagemap"), 0);
  for (char *at = text; *at;) {
    char *next = at;
    while (*next && *next != '\n') next++;
    char after = *next;
    *next = 0;
    if ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f')) {
      const char *p = at;
      u64 start = number(&p), stop = (p++, number(&p));
      say("vma", at);
      runs("pm", pagemap, start / PAGE, (stop - start) / PAGE, PAGE, 1);
    } else if (at[0] == 'V' && at[1] == 'm' && at[2] == 'F') {
      say("flags", at + 8);
    }
    at = after ? next + 1 : next;
  }
  closed(pagemap);
}
static void kernel_ranges(void) {
  long file = opened("/proc/kcore", 0);
  int wide = sizeof(long) == 8;
  u8 header[64];
  read_at(file, header, 64, 0);
  u32 n = wide ? header[56] | header[57] << 8 : header[44] | header[45] << 8;
  for (u32 i = 0; i < n; i++) {
    u64 fields[7];
    u32 narrow[8];
    if (wide) read_at(file, fields, 56, 64 + 56ull * i);
    else read_at(file, narrow, 32, 52 + 32ull * i);
    u32 type = wide ? (u32)fields[0] : narrow[0];
    if (type != 1) continue;
    put("@kcore "); hex(wide ? fields[2] : narrow[2]); put(" "); hex(wide ? fields[3] : narrow[3]);
    put(" "); hex(wide ? fields[5] : narrow[5]); end();
  }
  closed(file);
}
static void file_line(const char *tag, const char *name) {
  word size = contents(name);
  if (size && text[size - 1] == '\n') text[size - 1] = 0;
  say(tag, text);
}
static void set(const char *name, const char *value) {
  long file = opened(name, 1);
  word size = 0;
  while (value[size]) size++;
  if (file >= 0) { call(WRITE, file, (long)value, size, 0, 0, 0); closed(file); }
}
static void add_module(const char *name, const char *options) {
  long file = opened(name, 0);
  if (file >= 0) { call(MODULE, file, (long)options, 0, 0, 0, 0); closed(file); }
}
static void add_swap(void) {
  static u32 header[PAGE / 4];
  long disk = opened("/dev/ram0", 2);
  header[256] = 1;    /* version */
  header[257] = 2047; /* the last page */
  memcpy((u8 *)header + PAGE - 10, "SWAPSPACE2", 10);
  call(PWRITE, disk, (long)header, PAGE, 0, 0, 0);
  closed(disk);
  call(SWAPON, (long)"/dev/ram0", 0, 0, 0, 0, 0);
}
static void folder(const char *name, const char *kind) {
  call(MKDIRAT, HERE, (long)name, 0755, 0, 0, 0);
  call(MOUNT, (long)"none", (long)name, (long)kind, 0, 0, 0);
}

__attribute__((used)) void run(void) {
  folder("/proc", "proc");
  folder("/sys", "sysfs");
  folder("/dev", "devtmpfs");
  say("hello", "");
  add_module("/brd.ko", "rd_nr=1 rd_size=8192");
  add_module("/qemu_fw_cfg.ko", "");
  add_swap();
  set("/proc/sys/vm/nr_hugepages", "4");
  set("/proc/sys/vm/swappiness", "100");
  /* Every page that this process will need, before pages are counted. */
  memset(text, 1, sizeof text);
  memset(words, 1, sizeof words);
  common = map(8 * PAGE, RW, SHARED | ANONYMOUS, -1);
  touch(common, 8, 1);
  private = fresh(16);
  worker("w_anon", anonymous);
  worker("w_child", child);
  worker("w_file", files);
  worker("w_swap", swapped);
  worker("w_huge", huge);
  worker("w_soft", soft_dirty);
  worker("w_uffd", write_protected);
  for (int i = 0; i < count; i++) {
    call(KILL, workers[i], CONTINUE, 0, 0, 0, 0);
    put("@spin "); decimal(workers[i]); end();
    answer();
    call(KILL, workers[i], STOP, 0, 0, 0, 0);
    call(WAIT, workers[i], 0, 2, 0, 0, 0);
  }
  /* The host looks while this process counts; then it says so, and waits. */
  say("self", "1");
  for (volatile word i = 0; i < 400000000; i++) { }
  say("counted", "");
  answer();
  file_line("version", "/proc/version");
  file_line("cmdline", "/proc/cmdline");
  file_line("meltdown", "/sys/devices/system/cpu/vulnerabilities/meltdown");
  contents("/proc/swaps");
  kernel_ranges();
  for (int i = 0; i < count; i++) process(workers[i]);
  process(1);
  long flags = opened("/proc/kpageflags", 0);
  runs("kpf", flags, 0, 1 << 19, 1, 0);
  closed(flags);
  say("end", "");
  for (;;) answer();
}
