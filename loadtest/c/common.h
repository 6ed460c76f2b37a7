/* What the floor and the client share: the clock, files, and WebSocket frames. Linux only. */
#ifndef OPENLINE_BENCH_COMMON_H
#define OPENLINE_BENCH_COMMON_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void die(const char *what) {
    printf("fail %s\n", what);
    fflush(stdout);
    exit(1);
}

static inline void *must(void *p) {
    if (!p) die("out of memory");
    return p;
}

static inline void raise_file_limit(void) {
    struct rlimit r;
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

static inline unsigned char *read_file(const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    if (!f) die("cannot open file");
    fseek(f, 0, SEEK_END);
    *len = (size_t)ftell(f);
    rewind(f);
    unsigned char *data = must(malloc(*len + 1));
    if (fread(data, 1, *len, f) != *len) die("cannot read file");
    fclose(f);
    return data;
}

/* RFC 6455 section 5.2: writes the header of a final frame, returns its length (at most 14). */
static inline size_t ws_header(unsigned char *out, int opcode, size_t len, int masked) {
    size_t n = 2;
    out[0] = (unsigned char)(0x80 | opcode);
    if (len < 126) {
        out[1] = (unsigned char)len;
    } else if (len < 65536) {
        out[1] = 126;
        out[2] = (unsigned char)(len >> 8);
        out[3] = (unsigned char)len;
        n = 4;
    } else {
        out[1] = 127;
        for (int i = 0; i < 8; i++) out[2 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
        n = 10;
    }
    if (masked) { /* an all-zero key leaves the payload as it is, and is a legal key */
        out[1] |= 0x80;
        memset(out + n, 0, 4);
        n += 4;
    }
    return n;
}

#endif
