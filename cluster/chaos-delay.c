// Holds packets back: each one that the rules put into queue 0 goes on after BASE to BASE + SPREAD milliseconds, so that some overtake others.
// For kernels without netem. Ends when it is killed; without it the rule's `bypass` lets everything pass at once.
//   chaos-delay BASE SPREAD
#include <arpa/inet.h>
#include <errno.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

// More than that are let pass at once: as many as pass between a dozen nodes in the longest delay, many times over.
enum { HELD_MAX = 16384, BUFFER_BYTES = 4 << 20 };

struct held {
    int64_t dueMs;
    uint32_t id;
};
static struct held heap[HELD_MAX];
static int count;
static int64_t baseMs, spreadMs;

static int64_t nowMs(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void push(struct held one) {
    int at = count++;
    while (at > 0 && heap[(at - 1) / 2].dueMs > one.dueMs) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = one;
}

static struct held pop(void) {
    struct held first = heap[0], last = heap[--count];
    int at = 0;
    for (;;) {
        int child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && heap[child + 1].dueMs < heap[child].dueMs) child++;
        if (heap[child].dueMs >= last.dueMs) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

static int onPacket(struct nfq_q_handle *queue, struct nfgenmsg *message, struct nfq_data *data, void *context) {
    (void)message, (void)context;
    struct nfqnl_msg_packet_hdr *header = nfq_get_msg_packet_hdr(data);
    if (!header) return 0;
    uint32_t id = ntohl(header->packet_id);
    if (count == HELD_MAX) return nfq_set_verdict(queue, id, NF_ACCEPT, 0, NULL);
    push((struct held){nowMs() + baseMs + (spreadMs > 0 ? random() % spreadMs : 0), id});
    return 0;
}

static int fail(const char *what) {
    perror(what);
    return 1;
}

int main(int argc, char **argv) {
    if (argc != 3 || (baseMs = atoi(argv[1])) <= 0 || (spreadMs = atoi(argv[2])) < 0) {
        fprintf(stderr, "chaos-delay: expected two numbers of milliseconds, as `chaos-delay 100 50`\n");
        return 2;
    }
    struct nfq_handle *library = nfq_open();
    if (!library) return fail("nfq_open");
    struct nfq_q_handle *queue = nfq_create_queue(library, 0, onPacket, NULL);
    if (!queue) return fail("nfq_create_queue");
    if (nfq_set_mode(queue, NFQNL_COPY_META, 0) < 0) return fail("nfq_set_mode");
    if (nfq_set_queue_maxlen(queue, HELD_MAX) < 0) return fail("nfq_set_queue_maxlen");
    nfnl_rcvbufsiz(nfq_nfnlh(library), BUFFER_BYTES);
    struct pollfd ready = {.fd = nfq_fd(library), .events = POLLIN};
    static char bytes[65536] __attribute__((aligned));
    for (;;) {
        while (count > 0 && heap[0].dueMs <= nowMs()) nfq_set_verdict(queue, pop().id, NF_ACCEPT, 0, NULL);
        int64_t waitMs = count > 0 ? heap[0].dueMs - nowMs() : 1000;
        int polled = poll(&ready, 1, waitMs < 0 ? 0 : (int)waitMs);
        if (polled < 0 && errno != EINTR) return fail("poll");
        if (polled <= 0) continue;
        ssize_t length = recv(ready.fd, bytes, sizeof bytes, 0);
        // Some did not fit into the socket's buffer: the kernel drops them, as a network does.
        if (length < 0 && errno != ENOBUFS && errno != EINTR) return fail("recv");
        if (length > 0) nfq_handle_packet(library, bytes, (int)length);
    }
}
