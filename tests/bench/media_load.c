/* A carrier with many media streams at once, for measuring: one thread, one epoll.
 *
 * usage: media_load PORT RAMP_US MEASURED_MS SPINS MEDIA MARK < streams
 *
 * With SPINS it never sleeps, so that waking it is no work for whoever sends to it; that needs a
 * processor of its own.
 *
 * The input has each stream to be opened: a line with its id, the lines of the request that opens
 * it and an empty line, the lines that are its first messages and an empty line. All of them carry
 * fifty masked frames of quiet line noise a second, in messages of the form MEDIA, and every mark
 * comes back in the form MARK when the sound before it has been played. Our side's sound is
 * expected to hold the number of each frame in its first three bytes, seven bits in each, unless
 * it is silence.
 *
 * Prints "began" and "ended" around the time in which the rhythm is measured, and then the result
 * as one line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MARKS = 32, UNREAD = 1 << 15, NOISES = 64, FRAME_BYTES = 160, BINS = 100000,
       STREAMS = 10000, LINES = 4096, SILENCE = (1 << 21) - 1 };
#define PERIOD_NS 20000000ull
#define BIN_NS 10000ull             /* of the histogram of errors */
#define TOGETHER_NS 1000000ull      /* messages so close were sent at once */
#define SETTLE_NS 1500000000ull     /* after the last stream has opened */
#define LINGER_NS 500000000ull      /* for what is on its way at the end */
#define PATIENCE_NS 60000000000ull  /* for all streams to open */

struct mark { uint64_t due_ns; char name[32]; };

struct stream {
    int fd, is_running;
    char id[40], *request, *opening;
    uint64_t started_ns, heard_ns, played_ns;
    unsigned said, frames, numbered, heard_frames, mark_first, mark_count;
    int next_number;
    size_t unread;
    unsigned char buffer[UNREAD];
    struct mark marks[MARKS];
};

static struct stream *streams;
static const char *media_form, *mark_form; /* of printf; see send_noise and return_marks */
static unsigned count, opened, running, lost, blocked, received, sent, marked;
static unsigned long measured;
static unsigned bins[BINS];
static double first_ms[STREAMS];
static unsigned firsts;
static char noise[NOISES][220];
static uint64_t from_ns = UINT64_MAX, until_ns = UINT64_MAX;
static uint32_t chance = 1;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static uint32_t draw(void) { /* xorshift32 */
    chance ^= chance << 13, chance ^= chance >> 17, chance ^= chance << 5;
    return chance;
}

static void make_noise(void) {
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const unsigned char quiet[] = {0xff, 0x7f, 0xfe, 0x7e}; /* 0 and 8 of 32768 */
    for (int n = 0; n < NOISES; n++) {
        unsigned char sound[FRAME_BYTES + 2] = {0};
        char *out = noise[n];
        for (int at = 0; at < FRAME_BYTES; at++) sound[at] = quiet[draw() & 3];
        for (int at = 0; at < FRAME_BYTES; at += 3) {
            uint32_t bits = sound[at] << 16 | sound[at + 1] << 8 | sound[at + 2];
            for (int shift = 18; shift >= 0; shift -= 6) *out++ = digits[bits >> shift & 63];
        }
        out[-2] = out[-1] = '='; /* 160 is 53 times 3 and 1 */
        *out = 0;
    }
}

static void send_text(struct stream *stream, const char *text, size_t size) {
    unsigned char frame[2048] = {0x81};
    size_t at = 2;
    uint32_t mask = draw();
    if (size < 126) {
        frame[1] = 0x80 | size;
    } else {
        frame[1] = 0xfe, frame[2] = size >> 8, frame[3] = size & 255, at = 4;
    }
    memcpy(frame + at, &mask, 4);
    at += 4;
    for (size_t n = 0; n < size; n++) frame[at + n] = text[n] ^ ((unsigned char *)&mask)[n & 3];
    if (send(stream->fd, frame, at + size, MSG_NOSIGNAL) != (ssize_t)(at + size)) blocked++;
}

/* The lines up to an empty one, each with END behind it. */
static char *read_lines(const char *end) {
    char lines[LINES] = "", line[LINES];
    size_t size = 0;
    while (fgets(line, sizeof line, stdin) && *line != '\n')
        size += snprintf(lines + size, LINES - size, "%.*s%s", (int)strcspn(line, "\n"), line, end);
    if (size >= LINES) die("a stream has too much to say");
    return strdup(lines);
}

static int read_ticket(struct stream *stream) {
    if (scanf("%39s ", stream->id) != 1) return 0;
    stream->request = read_lines("\r\n");
    stream->opening = read_lines("\n");
    stream->said = 1; /* its start */
    return 1;
}

static void open_stream(struct stream *stream, int port, int poll) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
    char upgrade[LINES + 3];
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    stream->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(stream->fd, (struct sockaddr *)&address, sizeof address)) die("connect");
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(stream->fd, F_SETFL, O_NONBLOCK);
    int size = snprintf(upgrade, sizeof upgrade, "%s\r\n", stream->request);
    if (send(stream->fd, upgrade, size, MSG_NOSIGNAL) != size) die("send");
    epoll_ctl(poll, EPOLL_CTL_ADD, stream->fd, &event);
}

static void start(struct stream *stream, uint64_t now) {
    for (char *line = strtok(stream->opening, "\n"); line; line = strtok(NULL, "\n"))
        send_text(stream, line, strlen(line));
    stream->is_running = 1;
    stream->started_ns = now;
    if (++running == count) from_ns = now + SETTLE_NS;
}

static void send_noise(struct stream *stream) {
    char text[600];
    unsigned number = ++stream->frames;
    int size = snprintf(text, sizeof text, media_form, ++stream->said, stream->id, number,
        number * 20, noise[draw() % NOISES]);
    send_text(stream, text, size);
    sent++;
}

static void return_marks(struct stream *stream, uint64_t now) {
    char text[200];
    while (stream->mark_count && stream->marks[stream->mark_first].due_ns <= now) {
        int size = snprintf(text, sizeof text, mark_form, ++stream->said, stream->id,
            stream->marks[stream->mark_first].name);
        send_text(stream, text, size);
        stream->mark_first = (stream->mark_first + 1) % MARKS;
        stream->mark_count--;
        marked++;
    }
}

static int digit(unsigned char c) {
    return c == '+' ? 62 : c == '/' ? 63 : c >= 'a' ? c - 'a' + 26 : c >= 'A' ? c - 'A' : c - '0' + 52;
}

/* A message may hold several frames; each begins with its number, in three times seven bits. */
static int number_at(const char *payload, size_t byte) {
    unsigned char bytes[3];
    for (int n = 0; n < 3; n++) {
        size_t at = byte + n, place = at / 3 * 4 + at % 3;
        int shift = 4 - 2 * (at % 3);
        bytes[n] = (digit(payload[place]) << 6 | digit(payload[place + 1])) >> shift;
    }
    return (bytes[0] & 127) << 14 | (bytes[1] & 127) << 7 | (bytes[2] & 127);
}

static void hear_sound(struct stream *stream, const char *payload, uint64_t now) {
    size_t frames = strcspn(payload, "\"=") * 3 / 4 / FRAME_BYTES;
    stream->played_ns = (stream->played_ns > now ? stream->played_ns : now) + frames * PERIOD_NS;
    if (number_at(payload, 0) == SILENCE) return; /* before the first word, for some carriers */
    for (size_t n = 0; n < frames; n++) {
        int number = number_at(payload, n * FRAME_BYTES);
        if (number != stream->next_number) lost++;
        stream->next_number = number + 1;
    }
    if (!stream->numbered++) first_ms[firsts++] = (now - stream->started_ns) / 1e6;
    received += frames;
    if (stream->heard_ns && now - stream->heard_ns < TOGETHER_NS) {
        stream->heard_frames += frames; /* a mark stands in the middle of what was sent at once */
        return;
    }
    uint64_t period = stream->heard_frames * PERIOD_NS;
    if (now >= from_ns && now < until_ns && stream->heard_ns >= from_ns) {
        uint64_t gap = now - stream->heard_ns;
        uint64_t bin = (gap > period ? gap - period : period - gap) / BIN_NS;
        bins[bin < BINS ? bin : BINS - 1]++;
        measured++;
    }
    stream->heard_ns = now;
    stream->heard_frames = frames; /* the next message is due when these have been played */
}

static void hear_mark(struct stream *stream, const char *name) {
    if (stream->mark_count == MARKS) die("too many marks");
    struct mark *mark = &stream->marks[(stream->mark_first + stream->mark_count++) % MARKS];
    mark->due_ns = stream->played_ns;
    snprintf(mark->name, sizeof mark->name, "%.*s", (int)strcspn(name, "\""), name);
}

static void hear(struct stream *stream, char *text, size_t size, uint64_t now) {
    static const char media[] = "\"payload\":\"", mark[] = "\"name\":\"";
    char *found = memmem(text, size, media, sizeof media - 1);
    if (found) {
        hear_sound(stream, found + sizeof media - 1, now);
    } else if ((found = memmem(text, size, mark, sizeof mark - 1))) {
        hear_mark(stream, found + sizeof mark - 1);
    }
}

static void read_stream(struct stream *stream) {
    uint64_t now = now_ns();
    size_t at = 0;
    ssize_t got = recv(stream->fd, stream->buffer + stream->unread, UNREAD - stream->unread, 0);
    if (got <= 0) die("a stream has ended");
    stream->unread += got;
    if (!stream->is_running) {
        char *end = memmem(stream->buffer, stream->unread, "\r\n\r\n", 4);
        if (!end) return;
        if (memcmp(stream->buffer, "HTTP/1.1 101", 12)) die("refused");
        at = end + 4 - (char *)stream->buffer;
        start(stream, now);
    }
    while (stream->unread - at >= 4) {
        unsigned char *frame = stream->buffer + at;
        size_t head = 2, size = frame[1];
        if (size == 126) head = 4, size = frame[2] << 8 | frame[3];
        if (stream->unread - at < head + size) break;
        if (frame[0] == 0x88) die("the server has closed a stream");
        if (frame[0] == 0x81) hear(stream, (char *)frame + head, size, now);
        at += head + size;
    }
    memmove(stream->buffer, stream->buffer + at, stream->unread -= at);
}

static int compare(const void *a, const void *b) {
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static double error_ms(double share) {
    unsigned long sum = 0;
    for (int bin = 0; bin < BINS; bin++)
        if ((sum += bins[bin]) >= share * measured) return (bin + 1) * (BIN_NS / 1e6);
    return -1;
}

static void print_result(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu_s = used.ru_utime.tv_sec + used.ru_stime.tv_sec +
        (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    qsort(first_ms, firsts, sizeof *first_ms, compare);
    printf("{\"received\":%u,\"lost\":%u,\"sent\":%u,\"blocked\":%u,\"marks\":%u,\"measured\":%lu,"
        "\"error_p50_ms\":%.3f,\"error_p99_ms\":%.3f,\"error_max_ms\":%.3f,\"first_p50_ms\":%.3f,"
        "\"first_p99_ms\":%.3f,\"silent\":%u,\"own_cpu_s\":%.2f}\n",
        received, lost, sent, blocked, marked, measured, error_ms(0.5), error_ms(0.99),
        error_ms(1), firsts ? first_ms[firsts / 2] : -1, firsts ? first_ms[firsts * 99 / 100] : -1,
        count - firsts, cpu_s);
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc != 7)
        return fprintf(stderr, "usage: media_load PORT RAMP_US MEASURED_MS SPINS MEDIA MARK\n"), 2;
    int port = atoi(argv[1]), spins = atoi(argv[4]);
    uint64_t ramp_ns = atoll(argv[2]) * 1000, measured_ns = atoll(argv[3]) * 1000000;
    media_form = argv[5], mark_form = argv[6];
    streams = calloc(STREAMS, sizeof *streams);
    while (count < STREAMS && read_ticket(&streams[count])) count++;
    make_noise();
    int poll = epoll_create1(0), said_began = 0, said_ended = 0;
    uint64_t begin = now_ns(), stop_ns = UINT64_MAX;
    uint64_t step = 0;
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poll, events, 256, spins ? 0 : 1);
        for (int n = 0; n < ready; n++) read_stream(events[n].data.ptr);
        uint64_t now = now_ns();
        if (opened < count && now >= begin + opened * ramp_ns) {
            open_stream(&streams[opened], port, poll);
            opened++;
        }
        if (running < count && now > begin + PATIENCE_NS) die("not all streams have opened");
        /* Each stream has its own moment in the period, as calls begin when people like. */
        for (; !said_ended && begin + step * PERIOD_NS / count <= now; step++) {
            struct stream *stream = &streams[step % count];
            if (!stream->is_running) continue;
            send_noise(stream);
            return_marks(stream, now);
        }
        if (!said_began && now >= from_ns) {
            until_ns = from_ns + measured_ns;
            said_began = printf("began\n");
            fflush(stdout);
        }
        if (!said_ended && now >= until_ns) {
            stop_ns = now + LINGER_NS;
            said_ended = printf("ended\n");
            fflush(stdout);
        }
        if (now >= stop_ns) return print_result(), 0;
    }
}
