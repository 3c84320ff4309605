/* Compiled into the sanitized shim, whose environment and standard error are empty: findings go to files. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

#define OPTIONS "log_path=" REPORTS ":detect_leaks=0:abort_on_error=0:print_stacktrace=1"

const char *__asan_default_options(void)
{
    return OPTIONS;
}

const char *__ubsan_default_options(void)
{
    return OPTIONS;
}
