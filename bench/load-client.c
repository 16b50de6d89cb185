/*
 * Requests: connect, open the tunnel, ask, read the answer; then ask again on the same connection, or on a new one.
 *
 * Closed loop: every connection asks as soon as it is answered. Open loop: operation i is due at start + i/rate whatever
 * the answers do, and its latency counts from when it was due, so a stall is charged to everything that waited for it.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Fits the largest body there is (64 KiB) and its head. */
#define ANSWER_BYTES (72 * 1024)
#define MOST_ERRORS 1000
/* A body is nothing but x, so that no other place of it looks like this. */
#define END_OF_CHUNKS "0\r\n\r\n"

enum step { CLOSED, OPENING, ASKED, ANSWERED };

struct client {
  int fd, round;     /* round: which reply of the handshake is awaited */
  enum step step;
  int origin;        /* which origin the next request names */
  bool closing;      /* the answer said that the connection ends with it */
  int have, need;    /* bytes of the reply so far; how many it takes, 0 while that is unknown */
  int head;          /* bytes of the head of an answer in chunks, which ends with END_OF_CHUNKS; 0 while that is unknown */
  char last[5];      /* the last bytes of the reply so far */
  const char *out;
  int left;          /* of out, still to be sent */
  uint64_t begun;
  char answer[4096]; /* handshake reply, or head; a body beyond it is counted, not kept */
};

static const struct options *opt;
static int poll_fd;
static struct opening opening;
static struct client *clients;
static char **requests;
static int *request_lengths;
static struct histogram latency;
static uint64_t started, deadline, begun_count, done_count, error_count, reopened_count, bytes_count;
static char first_error[160];
static int open_fds;
/* Open loop: clients that wait for the next operation to be due. */
static struct client **idle;
static int idle_count;

static void begin(struct client *c);

static void prepare_requests(void) {
  requests = calloc((size_t)opt->ports, sizeof *requests);
  request_lengths = calloc((size_t)opt->ports, sizeof *request_lengths);
  for (int i = 0; i < opt->ports; i++) {
    requests[i] = malloc((size_t)opt->size + 512);
    if (opt->kind == KIND_ECHO) {
      memset(requests[i], 'x', (size_t)opt->size);
      request_lengths[i] = opt->size;
    } else {
      int port = opt->target + i;
      char authority[64] = "";
      /* Inside a tunnel a client sends the origin-form, and to whatever stands before a server. */
      if (opt->hop == HOP_NONE && !opt->origin_form) snprintf(authority, sizeof authority, "http://127.0.0.1:%d", port);
      request_lengths[i] = snprintf(requests[i], 512,
                                    "GET %s/bench HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: load/1\r\n"
                                    "Accept: */*\r\n\r\n",
                                    authority, port);
    }
  }
}

static void drop(struct client *c) {
  if (c->fd >= 0) {
    close(c->fd);
    open_fds--;
  }
  c->fd = -1;
  c->step = CLOSED;
}

static void failed(struct client *c, const char *what) {
  if (error_count++ == 0) {
    if (errno == 0) snprintf(first_error, sizeof first_error, "%s", what);
    else snprintf(first_error, sizeof first_error, "%s (%s)", what, strerror(errno));
  }
  drop(c);
  if (error_count >= MOST_ERRORS) {
    deadline = 0;
    return;
  }
  begin(c);
}

static void flush(struct client *c) {
  while (c->left > 0) {
    ssize_t n = send(c->fd, c->out, (size_t)c->left, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EAGAIN || errno == ENOTCONN) return;
      failed(c, "send");
      return;
    }
    c->out += n;
    c->left -= (int)n;
  }
}

static void say(struct client *c, enum step step, const char *bytes, int length) {
  c->step = step;
  c->have = 0;
  c->need = 0;
  c->head = 0;
  c->out = bytes;
  c->left = length;
  flush(c);
}

static void ask(struct client *c) {
  if (opt->kind == KIND_ECHO) {
    say(c, ASKED, requests[0], request_lengths[0]);
    c->need = opt->size;
    return;
  }
  int origin = c->origin;
  c->origin = (origin + 1) % opt->ports;
  say(c, ASKED, requests[origin], request_lengths[origin]);
}

static void connect_client(struct client *c) {
  c->round = 0;
  c->closing = false;
  c->fd = dial(opt->port);
  if (c->fd < 0) {
    failed(c, "connect");
    return;
  }
  open_fds++;
  watch(poll_fd, c->fd, c);
  /* Sent at once: on loopback the handshake of TCP is already over, and this spares a wake-up. */
  if (opt->hop == HOP_NONE) ask(c);
  else say(c, OPENING, opening.first, opening.first_length);
}

/* When operation `i` of an open loop is due. */
static uint64_t due(uint64_t i) { return started + (uint64_t)((double)i * 1e9 / opt->rate); }

static void begin(struct client *c) {
  uint64_t now = now_ns();
  if (now >= deadline || (opt->count > 0 && begun_count >= opt->count)) {
    if (opt->fresh) drop(c);
    else c->step = ANSWERED;
    return;
  }
  if (opt->rate > 0) {
    uint64_t at = due(begun_count);
    if (at > now) {
      c->step = c->fd < 0 ? CLOSED : ANSWERED;
      idle[idle_count++] = c;
      return;
    }
    c->begun = at;
  } else {
    c->begun = now;
  }
  begun_count++;
  if (c->fd < 0) connect_client(c);
  else ask(c);
}

static void answered(struct client *c) {
  bytes_count += (uint64_t)c->have;
  done_count++;
  histogram_add(&latency, now_ns() - c->begun);
  c->step = ANSWERED;
  if (opt->fresh) drop(c);
  else if (c->closing) {
    reopened_count++;
    drop(c);
  }
  begin(c);
}

/* Reads the head once it is whole: status 200, its framing, Connection: close. False when it is no such answer. */
static bool read_head(struct client *c, int kept) {
  char *end = memmem(c->answer, (size_t)kept, "\r\n\r\n", 4);
  if (end == NULL) return kept < (int)sizeof c->answer;
  if (memcmp(c->answer, "HTTP/1.", 7) != 0 || memcmp(c->answer + 9, "200", 3) != 0) return false;
  *end = 0;
  char *length = strcasestr(c->answer, "\r\ncontent-length:");
  char *connection = strcasestr(c->answer, "\r\nconnection: close");
  int head = (int)(end - c->answer) + 4;
  c->closing = connection != NULL || memcmp(c->answer, "HTTP/1.0", 8) == 0;
  if (length != NULL) c->need = head + atoi(length + 17);
  else if (strcasestr(c->answer, "\r\ntransfer-encoding: chunked") != NULL) c->head = head;
  else return false;
  return true;
}

static bool is_whole(const struct client *c) {
  if (c->head == 0) return c->need > 0 && c->have >= c->need;
  int end = (int)sizeof c->last;
  return c->have >= c->head + end && memcmp(c->last, END_OF_CHUNKS, (size_t)end) == 0;
}

/* Keeps the last bytes of what has come. */
static void remember(struct client *c, const char *bytes, size_t length) {
  size_t room = sizeof c->last;
  size_t fresh = length < room ? length : room;
  memmove(c->last, c->last + fresh, room - fresh);
  memcpy(c->last + room - fresh, bytes + length - fresh, fresh);
}

static void advance(struct client *c, int kept) {
  if (c->step == OPENING) {
    int used = opening_reply(opt->hop, c->round, c->answer, kept);
    if (used < 0) {
      errno = 0;
      failed(c, "the proxy refused");
    } else if (used > 0 && c->round == 0 && opening.second_length > 0) {
      c->round = 1;
      say(c, OPENING, opening.second, opening.second_length);
    } else if (used > 0) ask(c);
    return;
  }
  if (c->step != ASKED) return;
  if (c->need == 0 && c->head == 0 && !read_head(c, kept)) {
    errno = 0;
    failed(c, "not a 200 with a length, or in chunks");
    return;
  }
  if (is_whole(c)) answered(c);
}

static void on_event(struct client *c, uint32_t events) {
  if (c->fd < 0) return;
  if ((events & EPOLLOUT) != 0 && c->left > 0) {
    int fd = c->fd;
    flush(c);
    if (c->fd != fd) return;
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) return;
  static char beyond[ANSWER_BYTES];
  int kept = c->have < (int)sizeof c->answer ? c->have : (int)sizeof c->answer;
  bool keep = kept < (int)sizeof c->answer - 1;
  char *into = keep ? c->answer + kept : beyond;
  size_t room = keep ? sizeof c->answer - (size_t)kept : sizeof beyond;
  ssize_t n = recv(c->fd, into, room, 0);
  if (n > 0) {
    c->have += (int)n;
    remember(c, into, (size_t)n);
    advance(c, keep ? kept + (int)n : kept);
    /* More than the buffer took: edge-triggered, so nothing would wake us again. */
    if (n == (ssize_t)room && c->fd >= 0 && c->step == ASKED) on_event(c, EPOLLIN);
    return;
  }
  if (n < 0 && errno == EAGAIN) return;
  if (c->step == ANSWERED) { /* A kept connection closed while nothing was asked on it. */
    drop(c);
    return;
  }
  if (c->step == ASKED && c->have == 0 && !opt->fresh && opt->kind == KIND_HTTP && n == 0 && done_count > 0) {
    /* RFC 9112, 9.3.1: a kept connection may close as the next request goes out; a client asks again. */
    reopened_count++;
    drop(c);
    connect_client(c);
    return;
  }
  if (n == 0) errno = 0;
  failed(c, n == 0 ? "closed before the answer" : "recv");
}

static void start_what_is_due(uint64_t now) {
  while (idle_count > 0 && due(begun_count) <= now && now < deadline) begin(idle[--idle_count]);
}

static int wait_for_events(struct epoll_event *events, int most, uint64_t now) {
  uint64_t until = deadline;
  if (opt->rate > 0 && idle_count > 0 && due(begun_count) < until) until = due(begun_count);
  uint64_t ns = until > now ? until - now : 0;
  struct timespec timeout = {.tv_sec = (time_t)(ns / 1000000000ull), .tv_nsec = (long)(ns % 1000000000ull)};
  return epoll_pwait2(poll_fd, events, most, &timeout, NULL);
}

static void report(double seconds) {
  printf("{\"ops\":%llu,\"seconds\":%.6f,\"rate\":%.1f,\"errors\":%llu,\"firstError\":\"%s\",\"reopened\":%llu,"
         "\"bytes\":%llu,\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"p999\":%.2f,\"max\":%.2f,\"loadCpu\":%.4f}\n",
         (unsigned long long)done_count, seconds, (double)done_count / seconds, (unsigned long long)error_count,
         first_error, (unsigned long long)reopened_count, (unsigned long long)bytes_count, histogram_at(&latency, 0.5),
         histogram_at(&latency, 0.9), histogram_at(&latency, 0.99), histogram_at(&latency, 0.999),
         (double)latency.largest / 1e3, cpu_seconds());
}

int run_requests(const struct options *o) {
  opt = o;
  /* The default slack of 50 us would be charged to the proxy in an open loop. */
  prctl(PR_SET_TIMERSLACK, 1);
  opening = opening_for(o->hop, o->target);
  prepare_requests();
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  clients = calloc((size_t)o->clients, sizeof *clients);
  idle = calloc((size_t)o->clients, sizeof(struct client *));
  if (poll_fd < 0 || clients == NULL || idle == NULL) die("set-up");
  started = now_ns();
  deadline = started + (uint64_t)(o->seconds * 1e9);
  for (int i = 0; i < o->clients; i++) {
    clients[i].fd = -1;
    clients[i].origin = i % o->ports;
    begin(&clients[i]);
  }
  struct epoll_event events[256];
  uint64_t now = now_ns();
  while (now < deadline && (o->count == 0 || done_count < o->count)) {
    int n = wait_for_events(events, 256, now);
    if (n < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < n; i++) on_event(events[i].data.ptr, events[i].events);
    now = now_ns();
    if (o->rate > 0) start_what_is_due(now);
  }
  report((double)(now - started) / 1e9);
  return done_count > 0 ? 0 : 1;
}
