#ifndef OPENLINE_BENCH_CLIENT_H
#define OPENLINE_BENCH_CLIENT_H

#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define INBOX (1u << 20)
#define STDIN_SLOT 0xffffffffu

struct bytes {
    const unsigned char *data;
    size_t len;
};

struct options {
    const char *host, *path, *proto;
    char headers[1024];
    int port, n, spread, each, greet, expect, binary, by_seq, record;
    uint32_t per;
};

/* One connection. `stage` counts setup frames sent; `step` is how far it has come (see client.c). */
struct conn {
    int fd;
    uint8_t upgraded, ready, gone;
    uint32_t stage, awaited, frames;
    uint64_t step;
    unsigned char *rest; /* the beginning of a frame that has not come whole */
    size_t rest_len;
    struct action *busy; /* the request that awaits its answer */
    struct action *next; /* requests of this connection still to be sent, in order */
    uint32_t *seen;      /* --record: ids of the frames it got, in order */
    uint32_t seen_len, seen_room;
};

struct action {
    uint32_t conn;
    uint64_t at, sent, acked, seq;
    struct bytes frame;
    char tag[16];
    struct action *next;
};

struct step {
    uint32_t count;
    uint64_t first, last;
};

struct world {
    int epoll, quit, stdin_ready;
    struct conn *conns;
    uint32_t open, closed;
    char why[128];
    struct bytes *hello;
    size_t hellos;
    unsigned char *inbox;
    uint64_t frames, bytes, last_byte_ns;
    int marked;
    uint64_t base, steps_room;
    struct step *steps;
    uint64_t answered;
};

extern struct world w;

const struct options *options(void);
void load_hellos(const char *path);
void send_frame(struct conn *c, int opcode, const unsigned char *data, size_t len);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* receive.c: one turn of the loop, at most `ms` long. */
void turn(int ms);

/* steps.c */
void mark(uint64_t base);
void on_frame(struct conn *c, const unsigned char *data, size_t len);
void record_frame(struct conn *c, const unsigned char *data, size_t len);
void dump_records(const char *path);

/* commands.c */
void commands(void);

/* actions.c */
void run_actions(const char *path);
void on_answer(struct conn *c, const char *tag, const unsigned char *data, size_t len);

/* msgpack.c: what the client needs to read of a message. */
int message_tag(const unsigned char *data, size_t len, char tag[16]);
int message_seq(const unsigned char *data, size_t len, uint64_t *seq);

#endif
