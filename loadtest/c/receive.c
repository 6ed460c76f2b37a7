/* Bytes in: the HTTP answer, then WebSocket frames. */
#include "client.h"

static void lost(struct conn *c, const char *why) {
    if (c->gone) return;
    c->gone = 1;
    w.closed++;
    if (!w.why[0]) snprintf(w.why, sizeof w.why, "%s", why);
    close(c->fd);
}

static void ready(struct conn *c) {
    c->ready = 1;
    w.open++;
}

/* Sends the next setup frame, each after a frame came; ready when the last is answered and `--expect` more have come. */
static void advance_setup(struct conn *c) {
    const struct options *o = options();
    size_t each = o->each ? w.hellos / (size_t)o->n : w.hellos;
    size_t from = o->each ? each * (size_t)(c - w.conns) : 0;
    if (c->stage < each) {
        struct bytes b = w.hello[from + c->stage++];
        send_frame(c, o->binary ? 2 : 1, b.data, b.len);
    } else if (c->awaited++ >= (uint32_t)o->expect) {
        ready(c);
    }
}

static void upgraded(struct conn *c) {
    c->upgraded = 1;
    if (!options()->greet) advance_setup(c);
}

/* Returns how many bytes of the HTTP answer were eaten; 0 while it is not whole. */
static size_t handshake(struct conn *c, unsigned char *p, size_t len) {
    unsigned char *end = memmem(p, len, "\r\n\r\n", 4);
    if (!end) return 0;
    if (len < 12 || memcmp(p, "HTTP/1.1 101", 12)) {
        char why[64];
        snprintf(why, sizeof why, "handshake refused: %.*s", (int)(len < 32 ? len : 32), (char *)p);
        for (char *s = why; *s; s++)
            if (*s == '\r' || *s == '\n') *s = 0;
        lost(c, why);
        return len;
    }
    upgraded(c);
    return (size_t)(end - p) + 4;
}

static void data_frame(struct conn *c, const unsigned char *p, size_t len) {
    w.frames++;
    if (!c->ready) {
        char tag[16];
        if (message_tag(p, len, tag) && !strcmp(tag, "refused")) lost(c, "a setup frame was refused");
        else advance_setup(c);
    }
    on_frame(c, p, len);
}

static void whole_frame(struct conn *c, int opcode, const unsigned char *p, size_t len) {
    if (opcode <= 2) data_frame(c, p, len);
    else if (opcode == 9) send_frame(c, 10, p, len);
    else if (opcode == 8) {
        char why[64];
        snprintf(why, sizeof why, "closed by the server: %d", len >= 2 ? p[0] << 8 | p[1] : 0);
        lost(c, why);
    }
}

/* Returns how many bytes one frame took; 0 while it is not whole. */
static size_t one_frame(struct conn *c, unsigned char *p, size_t len) {
    if (len < 2) return 0;
    size_t head = 2, size = p[1] & 0x7f;
    if (size == 126) {
        if (len < 4) return 0;
        size = (size_t)p[2] << 8 | p[3];
        head = 4;
    } else if (size == 127) {
        if (len < 10) return 0;
        size = 0;
        for (int i = 2; i < 10; i++) size = size << 8 | p[i];
        head = 10;
    }
    if (size > INBOX - 32) die("frame too large for the client");
    if (len < head + size) return 0;
    whole_frame(c, p[0] & 15, p + head, size);
    return head + size;
}

static void keep_rest(struct conn *c, const unsigned char *p, size_t len) {
    free(c->rest);
    c->rest = NULL;
    c->rest_len = len;
    if (!len) return;
    c->rest = must(malloc(len));
    memcpy(c->rest, p, len);
}

static void consume(struct conn *c, size_t len) {
    size_t at = 0, took;
    do {
        took = c->upgraded ? one_frame(c, w.inbox + at, len - at) : handshake(c, w.inbox + at, len - at);
        at += took;
    } while (took && at < len && !c->gone);
    if (c->rest || at < len) keep_rest(c, w.inbox + at, c->gone ? 0 : len - at);
}

static void readable(struct conn *c) {
    size_t have = c->rest_len;
    if (have) memcpy(w.inbox, c->rest, have);
    ssize_t n = recv(c->fd, w.inbox + have, INBOX - have, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        lost(c, n ? strerror(errno) : "closed by the server");
        return;
    }
    w.bytes += (uint64_t)n;
    w.last_byte_ns = now_ns();
    consume(c, have + (size_t)n);
}

void turn(int ms) {
    struct epoll_event events[512];
    int n = epoll_wait(w.epoll, events, 512, ms);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u32 == STDIN_SLOT) w.stdin_ready = 1;
        else if (!w.conns[events[i].data.u32].gone) readable(&w.conns[events[i].data.u32]);
    }
}
