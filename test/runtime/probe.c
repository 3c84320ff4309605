/*
 * Makes the system calls named on the command line by number, `NR[:ARG…]`, and prints what each returned. Freestanding, so
 * that it also builds for 32 bits where no 32-bit C library is installed; a number of the x32 interface carries bit 30.
 */
static long call(long nr, long a, long b, long c)
{
    long result;
#if defined(__x86_64__)
    __asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
#elif defined(__i386__)
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
#endif
    return result;
}

static const char *number(const char *text, long *out)
{
    unsigned long value = 0;
    while (*text >= '0' && *text <= '9')
        value = value * 10 + (unsigned long)(*text++ - '0');
    *out = (long)value;
    return text;
}

static void print(long value)
{
    char text[24];
    int at = sizeof text;
    unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;
    text[--at] = '\n';
    do
        text[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0)
        text[--at] = '-';
#if defined(__x86_64__)
    call(1, 1, (long)(text + at), (long)sizeof text - at);
#else
    call(4, 1, (long)(text + at), (long)sizeof text - at);
#endif
}

void run(long *stack)
{
    for (long i = 1; i < stack[0]; i++) {
        const char *text = (const char *)stack[1 + i];
        long values[4] = {0};
        for (int field = 0; field < 4; field++) {
            text = number(text, &values[field]);
            if (*text++ != ':')
                break;
        }
        print(call(values[0], values[1], values[2], values[3]));
    }
#if defined(__x86_64__)
    call(231, 0, 0, 0);
#else
    call(252, 0, 0, 0);
#endif
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call run\n");
#else
__asm__(".globl _start\n_start: mov %esp, %eax\n and $-16, %esp\n sub $12, %esp\n push %eax\n call run\n");
#endif
