/* One line in, one line out:
 *   mark BASE            forget the steps; count from BASE
 *   wait STEP MS         until every connection has reached STEP: "reached STEP first last" (ns) or "timeout STEP count"
 *   settle MS MAX        until nothing has come for MS (at most MAX): "settled frames bytes closed"
 *   times FILE           writes "step count first last" for each step; "written N"
 *   run FILE             sends a plan (actions.c): "ran sent answered began ended"
 *   dump FILE            what each connection got (--record)
 *   stats                "stats frames bytes closed why"
 *   quit
 */
#include "client.h"

void say(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

static void wait_for(uint64_t step, uint64_t ms) {
    uint64_t until = now_ns() + ms * 1000000;
    struct step *at = NULL;
    do {
        at = step > w.base && step - w.base < w.steps_room ? &w.steps[step - w.base] : NULL;
        if (at && at->count == (uint32_t)options()->n) {
            say("reached %llu %llu %llu", (unsigned long long)step, (unsigned long long)at->first, (unsigned long long)at->last);
            return;
        }
        turn(10);
    } while (now_ns() < until && !w.closed);
    say("timeout %llu %u %s", (unsigned long long)step, at ? at->count : 0, w.why);
}

static void settle(uint64_t ms, uint64_t max) {
    uint64_t began = now_ns();
    w.last_byte_ns = began;
    while (now_ns() - w.last_byte_ns < ms * 1000000 && now_ns() - began < max * 1000000) turn(10);
    say("settled %llu %llu %u", (unsigned long long)w.frames, (unsigned long long)w.bytes, w.closed);
}

static void times(const char *path) {
    FILE *out = fopen(path, "w");
    uint64_t n = 0;
    if (!out) die("cannot write the times");
    for (uint64_t s = 1; s < w.steps_room; s++) {
        if (!w.steps[s].count) continue;
        n++;
        fprintf(out, "%llu %u %llu %llu\n", (unsigned long long)(w.base + s), w.steps[s].count,
                (unsigned long long)w.steps[s].first, (unsigned long long)w.steps[s].last);
    }
    fclose(out);
    say("written %llu", (unsigned long long)n);
}

static void obey(char *line) {
    unsigned long long a = 0, b = 0;
    char path[4000];
    if (sscanf(line, "wait %llu %llu", &a, &b) == 2) wait_for(a, b);
    else if (sscanf(line, "mark %llu", &a) == 1) mark(a), say("marked");
    else if (sscanf(line, "settle %llu %llu", &a, &b) == 2) settle(a, b);
    else if (sscanf(line, "times %3999s", path) == 1) times(path);
    else if (sscanf(line, "run %3999s", path) == 1) run_actions(path);
    else if (sscanf(line, "dump %3999s", path) == 1) dump_records(path);
    else if (!strncmp(line, "stats", 5))
        say("stats %llu %llu %u %s", (unsigned long long)w.frames, (unsigned long long)w.bytes, w.closed, w.why);
    else if (!strncmp(line, "quit", 4)) w.quit = 1;
    else die("no such command");
}

/* The driver writes one line and waits for its answer, so one read is one line. */
void commands(void) {
    char line[4096];
    ssize_t n = read(0, line, sizeof line - 1);
    w.stdin_ready = 0;
    if (n <= 0) {
        w.quit = 1;
        return;
    }
    line[n] = 0;
    obey(line);
}
