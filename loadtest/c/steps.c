/* Who has come how far, when; and, with --record, exactly which frames each connection got. */
#include "client.h"

void mark(uint64_t base) {
    w.base = base;
    w.marked = 1;
    for (int i = 0; i < options()->n; i++) {
        w.conns[i].frames = 0;
        if (!options()->by_seq || w.conns[i].step < base) w.conns[i].step = base;
    }
    free(w.steps);
    w.steps_room = 65536;
    w.steps = must(calloc(w.steps_room, sizeof *w.steps));
}

static void reach(struct conn *c, uint64_t step) {
    if (step - w.base >= w.steps_room) {
        uint64_t room = (step - w.base) * 2;
        w.steps = must(realloc(w.steps, room * sizeof *w.steps));
        memset(w.steps + w.steps_room, 0, (room - w.steps_room) * sizeof *w.steps);
        w.steps_room = room;
    }
    for (uint64_t s = c->step + 1; s <= step; s++) {
        struct step *at = &w.steps[s - w.base];
        if (!at->count++) at->first = w.last_byte_ns;
        at->last = w.last_byte_ns;
    }
    c->step = step;
}

static int carries_seq(const char *tag) {
    return !strcmp(tag, "lights") || !strcmp(tag, "line") || !strcmp(tag, "snapshot");
}

void on_frame(struct conn *c, const unsigned char *data, size_t len) {
    char tag[16] = "";
    uint64_t seq = 0;
    if (options()->record) record_frame(c, data, len);
    if (!options()->by_seq) {
        if (w.marked && ++c->frames % options()->per == 0) reach(c, c->step + 1);
        return;
    }
    if (!message_tag(data, len, tag)) return;
    if (carries_seq(tag) && message_seq(data, len, &seq) && seq > c->step) {
        if (w.marked) reach(c, seq);
        else c->step = seq;
    }
    if (c->busy) on_answer(c, tag, data, len);
}

/* Frames are kept once, found again by their hash; each connection keeps the ids of what it got. */
static struct {
    uint64_t *hash;
    struct bytes *frame;
    uint32_t len, slots, *slot;
} kept;

static uint64_t hash_of(const unsigned char *p, size_t len) { /* FNV-1a, eight bytes at a time */
    uint64_t h = 1469598103934665603ull, word;
    for (; len >= 8; p += 8, len -= 8) {
        memcpy(&word, p, 8);
        h = (h ^ word) * 1099511628211ull;
        h ^= h >> 29;
    }
    for (; len; p++, len--) h = (h ^ *p) * 1099511628211ull;
    return h;
}

static uint32_t find_slot(uint64_t h, const unsigned char *data, size_t len) {
    uint32_t s = (uint32_t)(h ^ h >> 32) & (kept.slots - 1);
    while (kept.slot[s]) {
        uint32_t id = kept.slot[s] - 1;
        if (kept.hash[id] == h && (!data || (kept.frame[id].len == len && !memcmp(kept.frame[id].data, data, len)))) break;
        s = (s + 1) & (kept.slots - 1);
    }
    return s;
}

static void grow(void) {
    kept.slots = kept.slots ? kept.slots * 2 : 1024;
    free(kept.slot);
    kept.slot = must(calloc(kept.slots, sizeof *kept.slot));
    kept.hash = must(realloc(kept.hash, kept.slots * sizeof *kept.hash));
    kept.frame = must(realloc(kept.frame, kept.slots * sizeof *kept.frame));
    for (uint32_t i = 0; i < kept.len; i++) kept.slot[find_slot(kept.hash[i], kept.frame[i].data, kept.frame[i].len)] = i + 1;
}

static uint32_t frame_id(const unsigned char *data, size_t len) {
    if (kept.len * 2 >= kept.slots) grow();
    uint64_t h = hash_of(data, len);
    uint32_t s = find_slot(h, data, len);
    if (!kept.slot[s]) {
        unsigned char *copy = must(malloc(len + 1));
        memcpy(copy, data, len);
        kept.hash[kept.len] = h;
        kept.frame[kept.len++] = (struct bytes){copy, len};
        kept.slot[s] = kept.len;
    }
    return kept.slot[s] - 1;
}

void record_frame(struct conn *c, const unsigned char *data, size_t len) {
    if (c->seen_len == c->seen_room)
        c->seen = must(realloc(c->seen, (c->seen_room = c->seen_room ? c->seen_room * 2 : 16) * sizeof *c->seen));
    c->seen[c->seen_len++] = frame_id(data, len);
}

static int same_as_before(FILE *out, uint32_t i) {
    struct conn *c = &w.conns[i];
    for (uint32_t j = 0; j < i; j++) {
        struct conn *d = &w.conns[j];
        if (d->seen_len == c->seen_len && !memcmp(d->seen, c->seen, c->seen_len * sizeof *c->seen)) {
            fwrite(&j, 4, 1, out);
            return 1;
        }
    }
    return 0;
}

/* [u32 frames] ([u32 len][bytes])... [u32 connections] ([u32 like] or [u32 ffffffff][u32 count][u32 id...])... */
void dump_records(const char *path) {
    FILE *out = fopen(path, "wb");
    if (!out) die("cannot write the dump");
    fwrite(&kept.len, 4, 1, out);
    for (uint32_t i = 0; i < kept.len; i++) {
        uint32_t len = (uint32_t)kept.frame[i].len;
        fwrite(&len, 4, 1, out);
        fwrite(kept.frame[i].data, 1, len, out);
    }
    uint32_t n = (uint32_t)options()->n, own = 0xffffffffu;
    fwrite(&n, 4, 1, out);
    for (uint32_t i = 0; i < n; i++) {
        if (same_as_before(out, i)) continue;
        fwrite(&own, 4, 1, out);
        fwrite(&w.conns[i].seen_len, 4, 1, out);
        fwrite(w.conns[i].seen, 4, w.conns[i].seen_len, out);
    }
    fclose(out);
    say("dumped %u %u", kept.len, n);
}
