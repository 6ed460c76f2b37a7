/* The limit of every media server: datagrams from one socket to another, unread.
 *
 * usage: udp_relay N      opens two UDP sockets of 127.0.0.1 for each of N calls and prints "ports P P P P ...", two
 * for a call. Whoever sends to a socket first is its side; what comes from one side of a call goes to the other. Ends
 * when stdin ends.
 */
#include "common.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define STDIN_INDEX UINT32_MAX

struct side {
    int fd;
    struct sockaddr_in at; /* where this side is, once it has sent something */
};

static uint16_t open_side(struct side *side) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof own;
    side->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (side->fd < 0 || bind(side->fd, (struct sockaddr *)&own, sizeof own)) die("cannot open a socket");
    getsockname(side->fd, (struct sockaddr *)&own, &len);
    return ntohs(own.sin_port);
}

static void watch(int epoll, int fd, uint32_t index) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) die("cannot watch a socket");
}

static void forward(struct side *sides, uint32_t index) {
    unsigned char data[2048];
    struct side *from = &sides[index], *to = &sides[index ^ 1];
    struct sockaddr_in at;
    socklen_t at_len = sizeof at;
    ssize_t n = recvfrom(from->fd, data, sizeof data, 0, (struct sockaddr *)&at, &at_len);
    if (n < 0) return;
    if (!from->at.sin_port) from->at = at;
    if (to->at.sin_port) sendto(to->fd, data, (size_t)n, 0, (struct sockaddr *)&to->at, sizeof to->at);
}

int main(int argc, char **argv) {
    uint32_t n = argc == 2 ? 2 * (uint32_t)atoi(argv[1]) : 0;
    if (!n) die("usage: udp_relay N");
    raise_file_limit();
    struct side *sides = must(calloc(n, sizeof *sides));
    int epoll = epoll_create1(0);
    printf("ports");
    for (uint32_t i = 0; i < n; i++) {
        printf(" %d", open_side(&sides[i]));
        watch(epoll, sides[i].fd, i);
    }
    printf("\n");
    fflush(stdout);
    watch(epoll, STDIN_FILENO, STDIN_INDEX);
    struct epoll_event events[64];
    for (;;) {
        int ready = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.u32 == STDIN_INDEX) return 0;
            forward(sides, events[i].data.u32);
        }
    }
}
