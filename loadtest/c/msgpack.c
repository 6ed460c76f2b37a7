/* The two things that the client reads in a msgpack message: its name (field "t", always first) and its "seq". */
#include "client.h"

int message_tag(const unsigned char *data, size_t len, char tag[16]) {
    size_t at = 1;
    if (len < 5 || (data[0] & 0xf0) != 0x80) {
        if (len < 7 || data[0] != 0xde) return 0;
        at = 3;
    }
    if (data[at] != 0xa1 || data[at + 1] != 't' || (data[at + 2] & 0xe0) != 0xa0) return 0;
    size_t n = data[at + 2] & 0x1f;
    if (n > 15 || at + 3 + n > len) return 0;
    memcpy(tag, data + at + 3, n);
    tag[n] = 0;
    return 1;
}

static int read_uint(const unsigned char *p, size_t left, uint64_t *value) {
    static const int width[] = {1, 2, 4, 8};
    if (!left) return 0;
    if (*p < 0x80) {
        *value = *p;
        return 1;
    }
    if (*p < 0xcc || *p > 0xcf) return 0;
    int n = width[*p - 0xcc];
    if (left < (size_t)n + 1) return 0;
    *value = 0;
    for (int i = 1; i <= n; i++) *value = *value << 8 | p[i];
    return 1;
}

/* The first "seq" within the head of the message: fields come in the order of their declaration. */
int message_seq(const unsigned char *data, size_t len, uint64_t *seq) {
    static const unsigned char key[] = {0xa3, 's', 'e', 'q'};
    size_t end = len < 256 ? len : 256;
    for (size_t i = 0; i + 5 <= end; i++)
        if (!memcmp(data + i, key, 4)) return read_uint(data + i + 4, len - i - 4, seq);
    return 0;
}
