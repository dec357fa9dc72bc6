/*
 * The network between namespaces: every packet that the router forwards waits here for as long as its way takes, is lost
 * by chance, or is dropped by a cut. Packets of one host to another keep their order, as on a path of queues.
 *
 * Takes lines on its input and answers each with one line, `ok packets bytes dropped waiting` or `bad`:
 *   host <ipv4> <region> <access ms>   a host; those that are not named pass at once
 *   path <region> <region> <ms>        one way
 *   jitter <share>                     mean of what queues add, as a share of the way
 *   loss <probability>
 *   rate <bits per second>             of each host's uplink; 0: no limit
 *   side <ipv4> <number>               for cuts
 *   cut <0|1|2>                        0 none; 1 between sides; 2 from a lower side to a higher alone
 *   stat
 * The counters are of what was let through and of what was dropped. Ends when its input ends.
 *
 * gcc -O2 delay.c -lnetfilter_queue -lm -o delay      (Debian: libnetfilter-queue-dev)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { hosts_max = 256, regions_max = 16, addresses = 65536, packets_max = 200000, seen_bytes = 24 };

typedef struct { uint64_t at_us; uint64_t order; uint32_t id; uint32_t size; } packet;

static packet *heap;
static size_t waiting, capacity;
static uint64_t order, passed, passed_bytes, dropped;

/* By the low half of an address: number of the host from 1, 0 for none. */
static uint8_t host_of[addresses];
static int hosts;
static int region_of[hosts_max], side_of[hosts_max];
static double access_ms[hosts_max], path_ms[regions_max][regions_max];
static uint64_t uplink_free_us[hosts_max], last_us[hosts_max][hosts_max];
static double jitter, loss, rate;
static int cut;
static uint64_t random_state = 88172645463325252ULL;

static struct nfq_q_handle *queue;

static double chance(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (random_state >> 11) / 9007199254740992.0;
}

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int is_before(packet left, packet right) {
  return left.at_us != right.at_us ? left.at_us < right.at_us : left.order < right.order;
}

static void push(packet added) {
  if (waiting == capacity) {
    capacity = capacity ? 2 * capacity : 4096;
    heap = realloc(heap, capacity * sizeof *heap);
    if (!heap) exit(1);
  }
  size_t place = waiting++;
  while (place > 0 && is_before(added, heap[(place - 1) / 2])) {
    heap[place] = heap[(place - 1) / 2];
    place = (place - 1) / 2;
  }
  heap[place] = added;
}

static packet pop(void) {
  packet first = heap[0], moved = heap[--waiting];
  size_t place = 0;
  for (;;) {
    size_t child = 2 * place + 1;
    if (child >= waiting) break;
    if (child + 1 < waiting && is_before(heap[child + 1], heap[child])) child++;
    if (!is_before(heap[child], moved)) break;
    heap[place] = heap[child];
    place = child;
  }
  heap[place] = moved;
  return first;
}

static void let_through(packet out) {
  passed++;
  passed_bytes += out.size;
  nfq_set_verdict(queue, out.id, NF_ACCEPT, 0, NULL);
}

static int is_cut(int from, int to) {
  if (!cut || side_of[from] == side_of[to]) return 0;
  return cut == 1 || side_of[from] < side_of[to];
}

/* When a packet that came now arrives. Hosts are numbered from 1. */
static uint64_t arrival_us(int from, int to, uint32_t size) {
  uint64_t now = now_us(), leaves = now;
  if (rate > 0) {
    if (uplink_free_us[from] > leaves) leaves = uplink_free_us[from];
    leaves += (uint64_t)(size * 8e6 / rate);
    uplink_free_us[from] = leaves;
  }
  double way_ms = path_ms[region_of[from]][region_of[to]] + access_ms[from] + access_ms[to];
  if (jitter > 0) way_ms += -way_ms * jitter * log(1 - chance());
  uint64_t at = leaves + (uint64_t)(way_ms * 1000);
  if (at < last_us[from][to]) at = last_us[from][to];
  last_us[from][to] = at;
  return at;
}

static int take(struct nfq_q_handle *from_queue, struct nfgenmsg *message, struct nfq_data *data, void *nothing) {
  (void)message;
  (void)nothing;
  struct nfqnl_msg_packet_hdr *head = nfq_get_msg_packet_hdr(data);
  unsigned char *bytes;
  if (!head) return 0;
  packet taken = {0, order++, ntohl(head->packet_id), 0};
  int length = nfq_get_payload(data, &bytes);
  int from = 0, to = 0;
  if (length >= 20) {
    taken.size = bytes[2] << 8 | bytes[3];
    from = host_of[bytes[14] << 8 | bytes[15]];
    to = host_of[bytes[18] << 8 | bytes[19]];
  }
  if (!from || !to) {
    let_through(taken);
  } else if (is_cut(from, to) || (loss > 0 && chance() < loss)) {
    dropped++;
    nfq_set_verdict(from_queue, taken.id, NF_DROP, 0, NULL);
  } else {
    taken.at_us = arrival_us(from, to, taken.size);
    push(taken);
  }
  return 0;
}

static int number_of(const char *address) {
  return host_of[ntohl(inet_addr(address)) & 0xffff];
}

static int add_host(const char *address, int region, double own_access_ms) {
  if (hosts + 1 >= hosts_max || region < 0 || region >= regions_max) return 0;
  host_of[ntohl(inet_addr(address)) & 0xffff] = ++hosts;
  region_of[hosts] = region;
  access_ms[hosts] = own_access_ms;
  return 1;
}

static int obey(const char *line) {
  char address[32];
  double value;
  int one, other;
  if (sscanf(line, "host %31s %d %lf", address, &one, &value) == 3) return add_host(address, one, value);
  if (sscanf(line, "path %d %d %lf", &one, &other, &value) == 3) {
    if (one < 0 || other < 0 || one >= regions_max || other >= regions_max) return 0;
    path_ms[one][other] = value;
    return 1;
  }
  if (sscanf(line, "jitter %lf", &jitter) == 1) return 1;
  if (sscanf(line, "loss %lf", &loss) == 1) return 1;
  if (sscanf(line, "rate %lf", &rate) == 1) return 1;
  if (sscanf(line, "cut %d", &cut) == 1) return 1;
  if (sscanf(line, "side %31s %d", address, &one) == 2 && number_of(address)) {
    side_of[number_of(address)] = one;
    return 1;
  }
  return strcmp(line, "stat") == 0;
}

/* Whole lines of what came; false when the input has ended. */
static int read_lines(void) {
  static char text[4096];
  static size_t used;
  ssize_t count = read(0, text + used, sizeof text - 1 - used);
  if (count <= 0) return 0;
  used += count;
  text[used] = 0;
  char *line = text, *end;
  while ((end = strchr(line, '\n'))) {
    *end = 0;
    int is_good = obey(line);
    printf("%s %llu %llu %llu %zu\n", is_good ? "ok" : "bad", (unsigned long long)passed,
           (unsigned long long)passed_bytes, (unsigned long long)dropped, waiting);
    line = end + 1;
  }
  fflush(stdout);
  used = strlen(line);
  memmove(text, line, used + 1);
  return used < sizeof text - 1;
}

int main(void) {
  struct nfq_handle *handle = nfq_open();
  if (!handle || !(queue = nfq_create_queue(handle, 0, take, NULL))) {
    perror("no queue of packets");
    return 1;
  }
  nfq_set_mode(queue, NFQNL_COPY_PACKET, seen_bytes);
  nfq_set_queue_maxlen(queue, packets_max);
  int socket = nfq_fd(handle), room = 16 << 20, yes = 1;
  // Beyond the usual bound only where that is allowed; what does not fit is lost as on a wire.
  if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  setsockopt(socket, SOL_NETLINK, NETLINK_NO_ENOBUFS, &yes, sizeof yes);
  static char buffer[65536];
  struct pollfd sources[2] = {{socket, POLLIN, 0}, {0, POLLIN, 0}};
  puts("ready");
  fflush(stdout);
  for (;;) {
    uint64_t now = now_us();
    while (waiting > 0 && heap[0].at_us <= now) let_through(pop());
    uint64_t rest = waiting > 0 ? heap[0].at_us - now : 1000000;
    struct timespec pause = {rest / 1000000, rest % 1000000 * 1000};
    if (ppoll(sources, 2, &pause, NULL) <= 0) continue;
    if (sources[0].revents & POLLIN) {
      for (int batch = 0; batch < 64; batch++) {
        ssize_t length = recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
        if (length < 0) break;
        nfq_handle_packet(handle, buffer, length);
      }
    }
    if (sources[1].revents && !read_lines()) return 0;
  }
}
