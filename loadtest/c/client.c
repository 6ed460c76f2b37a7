/* The client of every bench: many WebSockets in one process, as lean as it can be. See usage() and commands().
 *
 * It counts what comes, in one of two ways. `--count frames`: each data frame after `mark` is one step (or each
 * `--per K`th, for protocols that use several frames per message). `--count seq`: a frame steps a connection to
 * the journal id it carries (the field "seq" of lights, line and snapshot messages in msgpack), so that one frame that stands for
 * several changes counts for all of them. For each step it keeps when the first and the last connection reached it.
 */
#include "client.h"

static struct options opt = {.host = "127.0.0.1", .path = "/", .n = 1, .per = 1, .expect = 0, .binary = 1};
struct world w;

static void usage(void) {
    die("usage: client --port P [--host H] [--path /] [--proto NAME] [--header 'K: V']... [-n N] [--spread S] [--hello FILE] "
        "[--each] [--greet] [--text] [--expect K] [--per K] [--count frames|seq] [--record]");
}

static void add_header(const char *line) {
    strncat(opt.headers, line, sizeof opt.headers - strlen(opt.headers) - 3);
    strcat(opt.headers, "\r\n");
}

static void parse(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *v = i + 1 < argc ? argv[i + 1] : "";
        int took = 1;
        if (!strcmp(a, "--host")) opt.host = v;
        else if (!strcmp(a, "--port")) opt.port = atoi(v);
        else if (!strcmp(a, "--path")) opt.path = v;
        else if (!strcmp(a, "--proto")) opt.proto = v;
        else if (!strcmp(a, "--header")) add_header(v);
        else if (!strcmp(a, "-n")) opt.n = atoi(v);
        else if (!strcmp(a, "--spread")) opt.spread = atoi(v);
        else if (!strcmp(a, "--hello")) load_hellos(v);
        else if (!strcmp(a, "--expect")) opt.expect = atoi(v);
        else if (!strcmp(a, "--per")) opt.per = (uint32_t)atoi(v);
        else if (!strcmp(a, "--count")) opt.by_seq = !strcmp(v, "seq");
        else {
            took = 0;
            if (!strcmp(a, "--each")) opt.each = 1;
            else if (!strcmp(a, "--greet")) opt.greet = 1;
            else if (!strcmp(a, "--text")) opt.binary = 0;
            else if (!strcmp(a, "--record")) opt.record = 1;
            else usage();
        }
        i += took;
    }
    if (!opt.port || opt.n < 1) usage();
}

const struct options *options(void) { return &opt; }

/* Hellos: [u32 length][bytes]..., in order; with --each an equal share of them belongs to each connection. */
void load_hellos(const char *path) {
    size_t len, at = 0;
    unsigned char *data = read_file(path, &len);
    size_t room = 0;
    while (at + 4 <= len) {
        uint32_t size;
        memcpy(&size, data + at, 4);
        if (w.hellos == room) w.hello = must(realloc(w.hello, (room = room ? room * 2 : 16) * sizeof *w.hello));
        w.hello[w.hellos++] = (struct bytes){data + at + 4, size};
        at += 4 + size;
    }
}

static void send_all(struct conn *c, const unsigned char *data, size_t len) {
    while (len) {
        ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue; /* requests are small: a full buffer clears soon */
        if (n < 0) return;
        data += n;
        len -= (size_t)n;
    }
}

void send_frame(struct conn *c, int opcode, const unsigned char *data, size_t len) {
    unsigned char out[65536 + 14];
    if (len > 65536) die("frame too large");
    size_t head = ws_header(out, opcode, len, 1);
    memcpy(out + head, data, len);
    send_all(c, out, head + len);
}

static void send_request_head(struct conn *c) {
    char out[4096];
    int n = snprintf(out, sizeof out,
                     "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: b3BlbmxpbmUtYmVuY2gtMQ==\r\n%s%s%s%s\r\n",
                     opt.path, opt.host, opt.port, opt.proto ? "Sec-WebSocket-Protocol: " : "", opt.proto ? opt.proto : "",
                     opt.proto ? "\r\n" : "", opt.headers);
    send_all(c, (unsigned char *)out, (size_t)n);
}

static void open_one(uint32_t i) {
    struct conn *c = &w.conns[i];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port)};
    inet_pton(AF_INET, opt.host, &to.sin_addr);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0) die("cannot make a socket (file limit?)");
    if (opt.spread) {
        struct sockaddr_in from = {.sin_family = AF_INET};
        from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + i % (uint32_t)opt.spread);
        if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) die("cannot bind source address");
    }
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to)) die("cannot connect");
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(w.epoll, EPOLL_CTL_ADD, c->fd, &e);
    send_request_head(c);
}

/* At most 64 handshakes are under way at once: what is measured comes after. */
static void open_all(void) {
    uint64_t began = now_ns(), until = began + 120000000000ull;
    uint32_t started = 0;
    while (w.open < (uint32_t)opt.n) {
        while (started < (uint32_t)opt.n && started - w.open < 64) open_one(started++);
        turn(100);
        if (w.closed) die(w.why[0] ? w.why : "a connection was closed during setup");
        if (now_ns() > until) die("not all connections opened within 120 s");
    }
    say("open %d %llu", opt.n, (unsigned long long)(now_ns() - began) / 1000000u);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    parse(argc, argv);
    raise_file_limit();
    w.conns = must(calloc((size_t)opt.n, sizeof *w.conns));
    w.epoll = epoll_create1(0);
    w.inbox = must(malloc(INBOX));
    open_all();
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = STDIN_SLOT};
    epoll_ctl(w.epoll, EPOLL_CTL_ADD, 0, &e);
    while (!w.quit) {
        turn(1000);
        if (w.stdin_ready) commands();
    }
    return 0;
}
