/* A disk that takes 300 ms, laid before the C library's: says in a file that it has begun. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int slowly(const char *name, int file) {
    const char *begun = getenv("SLOW_SYNC_BEGUN");
    if (begun) close(open(begun, O_CREAT | O_WRONLY, 0600));
    usleep(300000);
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(file);
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
