// Asks a DNS server many questions from one core, in batches, and checks every reply.
//
//   cc -O2 -o bench/bin/load bench/load.c
//   load -p PORT -f FILE [-a ADDRESS] [-d SECONDS] [-n QUESTIONS] [-w WINDOW] [-s SOCKETS] [-r RATE] [-t] [-m QUESTIONS]
//        [-e OCTETS]
//
//   -f  the questions, one `name TYPE` a line; asked in order, from the top again after the last
//   -n  stop after so many questions, before the time is over
//   -w  closed loop: questions that may be unanswered at once, over all sockets (256)
//   -s  UDP sockets, or TCP connections (8)
//   -r  open loop: so many questions a second, whether answers come or not
//   -e  sends EDNS that offers so many octets
//   -t  TCP; every connection writes -m questions (32) at once and goes on when all are answered
//
// Prints one line of JSON. Latencies are microseconds. In an open loop they end when the kernel received the reply, so
// that the time this program takes to wake up is not the server's. A reply is `bad` when it answers no question that is
// open, or not with that question's octets; a question without a reply for half a second is `lost`.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  HEADER = 12,
  QUESTIONS_MAX = 200000,
  QUESTION_OCTETS_MAX = 255 + 4,
  OPT = 11,
  SOCKETS_MAX = 64,
  SLOTS_MAX = 1024, // per socket; an id is 10 bits of slot number and 6 bits that differ from use to use
  BATCH = 64,
  MESSAGE_OCTETS_MAX = 65535,
  HISTOGRAM_US = 1000000,
};

static const int64_t SECOND = 1000000000;
static const int64_t LOST_AFTER = 500000000;

struct question {
  uint8_t *octets; // name, type, class
  int length;
};

struct slot {
  int question;
  uint16_t id;
  bool open;
  int64_t sent;
};

struct channel {
  int fd;
  struct slot slots[SLOTS_MAX];
  int freeSlots[SLOTS_MAX];
  int freeCount;
  // TCP only.
  uint8_t *in;
  int inLength;
  uint8_t *out;
  int outLength;
  int outSent;
};

static struct {
  const char *address, *file;
  int port, window, sockets, perWrite, edns;
  double seconds, rate;
  long count;
  bool tcp;
} options = {.address = "127.0.0.1", .window = 256, .sockets = 8, .perWrite = 32, .seconds = 2};

static struct question questions[QUESTIONS_MAX];
static int questionCount, nextQuestion;
static struct channel channels[SOCKETS_MAX];
static int slotsEach;
static clockid_t clockId = CLOCK_MONOTONIC;

static struct {
  long sent, done, lost, bad, shed, empty, truncated, rcodes[16];
  int64_t lastReply, behindMax;
  uint32_t histogram[HISTOGRAM_US + 1];
  double max;
} seen;

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(clockId, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

// ---- questions

static int typeNumber(const char *text) {
  static const struct {
    const char *name;
    int number;
  } types[] = {{"A", 1},    {"NS", 2},    {"CNAME", 5}, {"SOA", 6},  {"PTR", 12},
               {"MX", 15},  {"TXT", 16},  {"AAAA", 28}, {"SRV", 33}, {"ANY", 255}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strcasecmp(text, types[i].name) == 0) return types[i].number;
  return -1;
}

// Returns false when the line is no question.
static bool readQuestion(char *line, struct question *question) {
  char name[512], type[16];
  if (sscanf(line, "%511s %15s", name, type) != 2) return false;
  int number = typeNumber(type);
  uint8_t octets[QUESTION_OCTETS_MAX + 1];
  int length = 0;
  char *rest = name;
  for (char *label; (label = strsep(&rest, ".")) != NULL && *label != 0;) {
    int size = strlen(label);
    if (size > 63 || length + size + 2 > 255) return false;
    octets[length++] = size;
    memcpy(octets + length, label, size);
    length += size;
  }
  if (number < 0) return false;
  memcpy(octets + length, (uint8_t[]){0, number >> 8, number, 0, 1}, 5);
  length += 5;
  question->length = length;
  question->octets = malloc(length);
  memcpy(question->octets, octets, length);
  return true;
}

static void readQuestions(void) {
  FILE *file = fopen(options.file, "r");
  if (file == NULL) fail(options.file);
  char line[1024];
  for (int number = 1; questionCount < QUESTIONS_MAX && fgets(line, sizeof line, file); number++) {
    if (line[0] == '#' || line[0] == '\n') continue;
    if (!readQuestion(line, &questions[questionCount])) {
      fprintf(stderr, "load: %s:%d: expected `name TYPE`\n", options.file, number);
      exit(2);
    }
    questionCount++;
  }
  fclose(file);
  if (questionCount == 0) {
    fprintf(stderr, "load: %s holds no questions\n", options.file);
    exit(2);
  }
}

// ---- messages

static bool mayAsk(void) {
  return options.count == 0 || seen.sent < options.count;
}

// Writes the next question as a query and opens a slot for it, which must be free. Returns the message's length.
static int ask(struct channel *channel, uint8_t *message) {
  int number = channel->freeSlots[--channel->freeCount];
  struct slot *slot = &channel->slots[number];
  slot->question = nextQuestion;
  slot->id = (slot->id & 0xfc00) + 0x400 + number;
  slot->open = true;
  if (++nextQuestion == questionCount) nextQuestion = 0;
  const struct question *question = &questions[slot->question];
  const uint8_t header[HEADER] = {slot->id >> 8, slot->id & 0xff, 1, 0, 0, 1};
  memcpy(message, header, HEADER);
  memcpy(message + HEADER, question->octets, question->length);
  seen.sent++;
  if (options.edns == 0) return HEADER + question->length;
  const uint8_t opt[OPT] = {0, 0, 41, options.edns >> 8, options.edns & 0xff};
  message[11] = 1;
  memcpy(message + HEADER + question->length, opt, OPT);
  return HEADER + question->length + OPT;
}

static void closeSlot(struct channel *channel, struct slot *slot) {
  slot->open = false;
  channel->freeSlots[channel->freeCount++] = slot - channel->slots;
}

static void readReply(struct channel *channel, const uint8_t *message, int length, int64_t at) {
  seen.lastReply = at;
  if (length < HEADER) {
    seen.bad++;
    return;
  }
  uint16_t id = message[0] << 8 | message[1];
  struct slot *slot = &channel->slots[id & 0x3ff];
  const struct question *question = &questions[slot->question];
  bool isReply = (message[2] & 0xf8) == 0x80 && message[4] == 0 && message[5] == 1;
  if (!isReply || !slot->open || slot->id != id || length < HEADER + question->length ||
      memcmp(message + HEADER, question->octets, question->length) != 0) {
    seen.bad++;
    return;
  }
  closeSlot(channel, slot);
  seen.done++;
  seen.rcodes[message[3] & 15]++;
  if (message[2] & 2) seen.truncated++;
  if ((message[3] & 15) == 0 && message[6] == 0 && message[7] == 0) seen.empty++;
  double us = (at - slot->sent) / 1e3;
  if (us > seen.max) seen.max = us;
  int bucket = us < 0 ? 0 : us > HISTOGRAM_US ? HISTOGRAM_US : us;
  seen.histogram[bucket]++;
}

static void sweep(int64_t at) {
  for (int c = 0; c < options.sockets; c++)
    for (int i = 0; i < slotsEach; i++) {
      struct slot *slot = &channels[c].slots[i];
      if (!slot->open || at - slot->sent < LOST_AFTER) continue;
      closeSlot(&channels[c], slot);
      seen.lost++;
    }
}

static bool allAnswered(void) {
  for (int c = 0; c < options.sockets; c++)
    if (channels[c].freeCount < slotsEach) return false;
  return true;
}

// ---- sockets

static void openChannels(void) {
  struct sockaddr_storage to = {0};
  socklen_t toLength;
  struct sockaddr_in *v4 = (void *)&to;
  struct sockaddr_in6 *v6 = (void *)&to;
  if (inet_pton(AF_INET, options.address, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(options.port);
    toLength = sizeof *v4;
  } else if (inet_pton(AF_INET6, options.address, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(options.port);
    toLength = sizeof *v6;
  } else {
    fprintf(stderr, "load: not an address: %s\n", options.address);
    exit(2);
  }
  for (int c = 0; c < options.sockets; c++) {
    struct channel *channel = &channels[c];
    int one = 1, octets = 4 << 20;
    channel->fd = socket(to.ss_family, options.tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    if (channel->fd < 0) fail("socket");
    if (options.tcp) setsockopt(channel->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    else setsockopt(channel->fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
    if (options.rate > 0) setsockopt(channel->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
    if (connect(channel->fd, (void *)&to, toLength) != 0) fail("connect");
    if (fcntl(channel->fd, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
    for (int i = slotsEach; i-- > 0;) channel->freeSlots[channel->freeCount++] = i;
    if (!options.tcp) continue;
    channel->in = malloc(2 * MESSAGE_OCTETS_MAX);
    channel->out = malloc(slotsEach * (2 + HEADER + QUESTION_OCTETS_MAX + OPT));
  }
}

static uint8_t outgoing[BATCH][HEADER + QUESTION_OCTETS_MAX + OPT], incoming[BATCH][4096];
static uint8_t control[BATCH][64];
static struct iovec outgoingParts[BATCH], incomingParts[BATCH];
static struct mmsghdr outgoingHeads[BATCH], incomingHeads[BATCH];

static void prepareBatches(void) {
  for (int i = 0; i < BATCH; i++) {
    outgoingParts[i].iov_base = outgoing[i];
    outgoingHeads[i].msg_hdr.msg_iov = &outgoingParts[i];
    outgoingHeads[i].msg_hdr.msg_iovlen = 1;
    incomingParts[i] = (struct iovec){incoming[i], sizeof incoming[i]};
    incomingHeads[i].msg_hdr.msg_iov = &incomingParts[i];
    incomingHeads[i].msg_hdr.msg_iovlen = 1;
  }
}

// Sends up to `count` questions on one UDP socket.
static void sendBatch(struct channel *channel, int count) {
  static int slotOf[BATCH];
  if (count > BATCH) count = BATCH;
  if (count > channel->freeCount) count = channel->freeCount;
  int made = 0;
  for (; made < count && mayAsk(); made++) {
    slotOf[made] = channel->freeSlots[channel->freeCount - 1];
    outgoingParts[made].iov_len = ask(channel, outgoing[made]);
  }
  if (made == 0) return;
  int64_t at = now();
  for (int i = 0; i < made; i++) channel->slots[slotOf[i]].sent = at;
  int sent = sendmmsg(channel->fd, outgoingHeads, made, 0);
  // What could not be sent is lost, like a datagram that was dropped on its way: the slots' time runs out.
  if (sent < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED) fail("sendmmsg");
}

static int64_t arrival(struct msghdr *head, int64_t otherwise) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c != NULL; c = CMSG_NXTHDR(head, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
    struct timespec t;
    memcpy(&t, CMSG_DATA(c), sizeof t);
    return t.tv_sec * SECOND + t.tv_nsec;
  }
  return otherwise;
}

static int receiveBatch(struct channel *channel) {
  if (options.rate > 0)
    for (int i = 0; i < BATCH; i++) {
      incomingHeads[i].msg_hdr.msg_control = control[i];
      incomingHeads[i].msg_hdr.msg_controllen = sizeof control[i];
    }
  int count = recvmmsg(channel->fd, incomingHeads, BATCH, MSG_DONTWAIT, NULL);
  if (count <= 0) return 0;
  int64_t at = now();
  for (int i = 0; i < count; i++)
    readReply(channel, incoming[i], incomingHeads[i].msg_len,
              options.rate > 0 ? arrival(&incomingHeads[i].msg_hdr, at) : at);
  return count;
}

// ---- the three loops

static struct pollfd polled[SOCKETS_MAX];

static void waitFor(int64_t nanoseconds) {
  if (nanoseconds <= 0) return;
  struct timespec t = {nanoseconds / SECOND, nanoseconds % SECOND};
  ppoll(polled, options.sockets, &t, NULL);
}

// Keeps every socket's share of the window full.
static void runClosed(int64_t end) {
  int64_t swept = now();
  for (;;) {
    int64_t at = now();
    bool isOver = at >= end || !mayAsk();
    if (isOver && allAnswered()) return;
    if (!isOver)
      for (int c = 0; c < options.sockets; c++) sendBatch(&channels[c], BATCH);
    int got = 0;
    for (int c = 0; c < options.sockets; c++) got += receiveBatch(&channels[c]);
    if (got == 0) waitFor(5000000);
    if (at - swept < LOST_AFTER / 5) continue;
    swept = at;
    sweep(at);
  }
}

// Asks at fixed times. Questions that are due at the same waking go to the sockets in turn.
static void runOpen(int64_t start, int64_t end) {
  int64_t swept = start;
  long due = 0, asked = 0;
  int turn = 0;
  for (;;) {
    int64_t at = now();
    bool isOver = at >= end || !mayAsk();
    if (isOver && allAnswered()) return;
    if (!isOver) {
      int64_t behind = at - start - (int64_t)(asked * (SECOND / options.rate));
      if (behind > seen.behindMax) seen.behindMax = behind;
      due = (long)((at - start) / (double)SECOND * options.rate) + 1;
      for (; asked < due; asked++) {
        struct channel *channel = &channels[turn++ % options.sockets];
        if (channel->freeCount == 0) seen.shed++;
        else sendBatch(channel, 1);
      }
    }
    int got = 0;
    for (int c = 0; c < options.sockets; c++) got += receiveBatch(&channels[c]);
    if (got == 0) {
      int64_t next = start + (int64_t)(asked * (SECOND / options.rate)) - now();
      waitFor(isOver || next > 5000000 ? 5000000 : next);
    }
    if (at - swept < LOST_AFTER / 5) continue;
    swept = at;
    sweep(at);
  }
}

// Sends what is left of a connection's batch. The slots' times were set when the batch was made.
static void writeOut(struct channel *channel) {
  while (channel->outSent < channel->outLength) {
    ssize_t n = send(channel->fd, channel->out + channel->outSent, channel->outLength - channel->outSent, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail("send");
    channel->outSent += n;
  }
}

static void fillOut(struct channel *channel) {
  int64_t at = now();
  channel->outLength = channel->outSent = 0;
  while (channel->freeCount > 0 && mayAsk()) {
    int number = channel->freeSlots[channel->freeCount - 1];
    uint8_t *to = channel->out + channel->outLength;
    int length = ask(channel, to + 2);
    to[0] = length >> 8;
    to[1] = length;
    channel->outLength += 2 + length;
    channel->slots[number].sent = at;
  }
}

static int readIn(struct channel *channel) {
  int capacity = 2 * MESSAGE_OCTETS_MAX;
  ssize_t n = recv(channel->fd, channel->in + channel->inLength, capacity - channel->inLength, 0);
  if (n == 0) {
    fprintf(stderr, "load: the server closed a connection\n");
    exit(1);
  }
  if (n < 0 && errno == EAGAIN) return 0;
  if (n < 0) fail("recv");
  channel->inLength += n;
  int64_t at = now();
  int from = 0;
  while (channel->inLength - from >= 2) {
    int length = channel->in[from] << 8 | channel->in[from + 1];
    if (channel->inLength - from < 2 + length) break;
    readReply(channel, channel->in + from + 2, length, at);
    from += 2 + length;
  }
  memmove(channel->in, channel->in + from, channel->inLength - from);
  channel->inLength -= from;
  return n;
}

static void runTcp(int64_t end) {
  int64_t swept = now();
  for (;;) {
    int64_t at = now();
    bool isOver = at >= end || !mayAsk();
    if (isOver && allAnswered()) return;
    int got = 0;
    for (int c = 0; c < options.sockets; c++) {
      struct channel *channel = &channels[c];
      if (!isOver && channel->freeCount == slotsEach && channel->outSent == channel->outLength) fillOut(channel);
      writeOut(channel);
      polled[c].events = channel->outSent < channel->outLength ? POLLIN | POLLOUT : POLLIN;
      got += readIn(channel);
    }
    if (got == 0) waitFor(5000000);
    if (at - swept < LOST_AFTER / 5) continue;
    swept = at;
    sweep(at);
  }
}

// ---- the result

static double percentile(double share) {
  double wanted = share * seen.done;
  long passed = 0;
  for (int us = 0; us <= HISTOGRAM_US; us++) {
    passed += seen.histogram[us];
    if (passed >= wanted && passed > 0) return us;
  }
  return 0;
}

static void print(int64_t start) {
  static const char *names[16] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
  double seconds = seen.done == 0 ? 0 : (seen.lastReply - start) / 1e9;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("{\"mode\":\"%s\",\"sent\":%ld,\"done\":%ld,\"lost\":%ld,\"bad\":%ld,\"shed\":%ld,\"rcodes\":{",
         options.tcp ? "tcp" : options.rate > 0 ? "open" : "closed", seen.sent, seen.done, seen.lost, seen.bad, seen.shed);
  const char *separator = "";
  for (int i = 0; i < 16; i++) {
    if (seen.rcodes[i] == 0) continue;
    if (names[i] != NULL) printf("%s\"%s\":%ld", separator, names[i], seen.rcodes[i]);
    else printf("%s\"RCODE%d\":%ld", separator, i, seen.rcodes[i]);
    separator = ",";
  }
  printf("},\"empty\":%ld,\"truncated\":%ld,\"seconds\":%.3f,\"qps\":%.0f,", seen.empty, seen.truncated, seconds,
         seconds > 0 ? seen.done / seconds : 0);
  printf("\"p50\":%.0f,\"p90\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%.0f,\"behindMax\":%.0f,\"cpuSeconds\":%.3f}\n",
         percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999), seen.max, seen.behindMax / 1e3,
         usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static void readOptions(int count, char **words) {
  for (int letter; (letter = getopt(count, words, "a:p:f:d:n:w:s:r:tm:e:")) != -1;) switch (letter) {
      case 'a': options.address = optarg; break;
      case 'p': options.port = atoi(optarg); break;
      case 'f': options.file = optarg; break;
      case 'd': options.seconds = atof(optarg); break;
      case 'n': options.count = atol(optarg); break;
      case 'w': options.window = atoi(optarg); break;
      case 's': options.sockets = atoi(optarg); break;
      case 'r': options.rate = atof(optarg); break;
      case 't': options.tcp = true; break;
      case 'm': options.perWrite = atoi(optarg); break;
      case 'e': options.edns = atoi(optarg); break;
      default: exit(2);
    }
  slotsEach = options.tcp ? options.perWrite : options.rate > 0 ? SLOTS_MAX : options.window / options.sockets;
  if (options.file == NULL || options.port <= 0 || options.sockets < 1 || options.sockets > SOCKETS_MAX ||
      slotsEach < 1 || slotsEach > SLOTS_MAX || (options.tcp && options.rate > 0)) {
    fprintf(stderr, "usage: load -p PORT -f FILE [-a ADDRESS] [-d SECONDS] [-n QUESTIONS] [-w WINDOW] [-s SOCKETS] "
                    "[-r RATE] [-t] [-m QUESTIONS] [-e OCTETS]\n");
    exit(2);
  }
}

int main(int count, char **words) {
  readOptions(count, words);
  readQuestions();
  if (options.rate > 0) {
    clockId = CLOCK_REALTIME; // the kernel's receive times are of this clock
    prctl(PR_SET_TIMERSLACK, 1);
  }
  openChannels();
  prepareBatches();
  for (int c = 0; c < options.sockets; c++) polled[c] = (struct pollfd){channels[c].fd, POLLIN, 0};
  int64_t start = now(), end = start + (int64_t)(options.seconds * SECOND);
  if (options.tcp) runTcp(end);
  else if (options.rate > 0) runOpen(start, end);
  else runClosed(end);
  print(start);
  return 0;
}
