/* Requests on a schedule, each timed to its answer. A connection has one request open at a time. */
#include "client.h"

static struct action *actions;
static uint64_t total, sent, began;

/* [u32 connection][u64 ns after the start; 0: when the one before is answered][u32 length][bytes]... */
static void load(const char *path) {
    size_t len, at = 0, room = 0;
    unsigned char *data = read_file(path, &len);
    free(actions);
    actions = NULL;
    total = sent = w.answered = 0;
    while (at + 16 <= len) {
        struct action a = {0};
        uint32_t size;
        if (total == room) actions = must(realloc(actions, (room = room ? room * 2 : 64) * sizeof a));
        memcpy(&a.conn, data + at, 4);
        memcpy(&a.at, data + at + 4, 8);
        memcpy(&size, data + at + 12, 4);
        if (a.conn >= (uint32_t)options()->n) die("no such connection in the plan");
        a.frame = (struct bytes){data + at + 16, size};
        actions[total++] = a;
        at += 16 + size;
    }
}

static void queue_up(void) {
    for (int i = 0; i < options()->n; i++) w.conns[i].next = w.conns[i].busy = NULL;
    for (uint64_t i = total; i-- > 0;) {
        actions[i].next = w.conns[actions[i].conn].next;
        w.conns[actions[i].conn].next = &actions[i];
    }
}

static void fire(struct conn *c) {
    struct action *a = c->next;
    c->next = a->next;
    c->busy = a;
    a->sent = now_ns();
    send_frame(c, options()->binary ? 2 : 1, a->frame.data, a->frame.len);
    sent++;
}

static int is_answer(const char *tag) {
    return !strcmp(tag, "ok") || !strcmp(tag, "joined") || !strcmp(tag, "refused");
}

void on_answer(struct conn *c, const char *tag, const unsigned char *data, size_t len) {
    if (!is_answer(tag)) return;
    c->busy->acked = w.last_byte_ns;
    memcpy(c->busy->tag, tag, 16);
    message_seq(data, len, &c->busy->seq);
    c->busy = NULL;
    w.answered++;
    if (c->next && !c->next->at) fire(c);
}

static void write_results(const char *path) {
    char name[4096];
    snprintf(name, sizeof name, "%s.out", path);
    FILE *out = fopen(name, "w");
    if (!out) die("cannot write the results");
    for (uint64_t i = 0; i < total; i++)
        fprintf(out, "%llu %llu %llu %s\n", (unsigned long long)actions[i].sent, (unsigned long long)actions[i].acked,
                (unsigned long long)actions[i].seq, actions[i].acked ? actions[i].tag : "none");
    fclose(out);
}

static void start_closed(void) {
    for (int i = 0; i < options()->n; i++)
        if (w.conns[i].next && !w.conns[i].next->at) fire(&w.conns[i]);
}

/* Actions with a time are in order of time in the file: `i` walks them. Late ones are sent at once, and late shows. */
void run_actions(const char *path) {
    load(path);
    queue_up();
    began = now_ns();
    start_closed();
    uint64_t i = 0, idle_since = began, before = 0;
    while (w.answered < total) {
        while (i < total && (!actions[i].at || actions[i].sent)) i++;
        uint64_t now = now_ns(), due = i < total ? began + actions[i].at : now + 10000000;
        if (i < total && now >= due && !w.conns[actions[i].conn].busy) fire(&w.conns[actions[i].conn]);
        else turn(due > now + 1000000 ? (int)((due - now) / 1000000) : 0);
        if (w.answered != before || (i < total && now < due)) idle_since = now, before = w.answered;
        if (now_ns() - idle_since > 5000000000ull || w.closed) break;
    }
    write_results(path);
    say("ran %llu %llu %llu %llu", (unsigned long long)sent, (unsigned long long)w.answered, (unsigned long long)began,
        (unsigned long long)now_ns());
}
