/* The floor under every fan-out: one send(2) per socket in a loop, nothing else.
 *
 * usage: floor N SIZE      listens on a free port of 127.0.0.1, prints "port P", answers N WebSocket
 * handshakes, prints "ready"; then every line "go" on stdin sends one binary frame of SIZE payload bytes
 * to each socket and prints "sent". Ends when stdin ends.
 */
#include "common.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* The accept key is not computed: the bench's client, the only one that comes, does not check it. */
static const char SWITCH[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

static int listen_on_loopback(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 4096)) die("cannot listen");
    getsockname(fd, (struct sockaddr *)&at, &len);
    printf("port %d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

static int accept_one(int listener) {
    char head[4096];
    size_t have = 0;
    int on = 1, fd = accept(listener, NULL, NULL);
    if (fd < 0) die("cannot accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    do {
        ssize_t n = recv(fd, head + have, sizeof head - 1 - have, 0);
        if (n <= 0) die("handshake cut");
        have += (size_t)n;
        head[have] = 0;
    } while (!strstr(head, "\r\n\r\n") && have < sizeof head - 1);
    send(fd, SWITCH, sizeof SWITCH - 1, MSG_NOSIGNAL);
    return fd;
}

int main(int argc, char **argv) {
    if (argc != 3) die("usage: floor N SIZE");
    int n = atoi(argv[1]);
    size_t size = (size_t)atol(argv[2]);
    raise_file_limit();
    int *fds = must(malloc((size_t)n * sizeof *fds));
    unsigned char *frame = must(calloc(1, size + 14));
    size_t len = ws_header(frame, 2, size, 0) + size;
    int listener = listen_on_loopback();
    for (int i = 0; i < n; i++) fds[i] = accept_one(listener);
    printf("ready\n");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        for (int i = 0; i < n; i++)
            if (send(fds[i], frame, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len) die("short send");
        printf("sent\n");
        fflush(stdout);
    }
    return 0;
}
