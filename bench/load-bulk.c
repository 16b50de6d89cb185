/*
 * Bytes as fast as they go, and connections that do nothing.
 *
 * The ends of a bulk run must cost less than the proxy between them: they send from a file in memory (sendfile, no copy)
 * and receive with MSG_TRUNC (the kernel drops the bytes, no copy), so nearly all copying is the proxy's own.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE (1 << 20)

struct pipe_end {
  int fd;
  bool sends, receives;
  char reply[512];
};

static int source = -1;
static uint64_t sent_bytes, received_bytes;

static void make_source(void) {
  source = memfd_create("load", MFD_CLOEXEC);
  if (source < 0 || ftruncate(source, PIECE) < 0) die("memfd");
  /* Written once, so that every page is there. */
  static char page[4096];
  memset(page, 'x', sizeof page);
  for (int i = 0; i < PIECE; i += (int)sizeof page)
    if (pwrite(source, page, sizeof page, i) != (ssize_t)sizeof page) die("memfd");
}

static bool send_some(struct pipe_end *e) {
  for (;;) {
    off_t from = 0;
    ssize_t n = sendfile(e->fd, source, &from, PIECE);
    if (n < 0) return errno == EAGAIN || errno == ENOTCONN;
    sent_bytes += (uint64_t)n;
    if (n < PIECE) return true;
  }
}

/* False at the end of the stream or on an error. At most a few pieces a turn, so that no connection starves another. */
static bool receive_some(struct pipe_end *e, bool *more) {
  for (int i = 0; i < 4; i++) {
    ssize_t n = recv(e->fd, NULL, PIECE, MSG_TRUNC);
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN;
    received_bytes += (uint64_t)n;
    if (n < 4096) return true;
  }
  *more = true;
  return true;
}

/* The origin side: what a connection does is said by its first byte: d(own), u(p), b(oth). */
int serve_bulk(const struct options *o) {
  make_source();
  int poll = epoll_create1(EPOLL_CLOEXEC), listener = listen_on(o->port);
  struct epoll_event add = {.events = EPOLLIN, .data.ptr = NULL}, events[64];
  if (epoll_ctl(poll, EPOLL_CTL_ADD, listener, &add) < 0) die("epoll_ctl");
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    int n = epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < n; i++) {
      struct pipe_end *e = events[i].data.ptr;
      if (e == NULL) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) continue;
        e = calloc(1, sizeof *e);
        e->fd = fd;
        /* Level-triggered here: receive_some may leave bytes for the next turn. */
        struct epoll_event in = {.events = EPOLLIN, .data.ptr = e};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &in);
        continue;
      }
      bool alive = true, more = false;
      if (!e->sends && !e->receives) {
        char what;
        alive = recv(e->fd, &what, 1, 0) == 1;
        e->sends = alive && what != 'u';
        e->receives = alive && what != 'd';
        struct epoll_event change = {.data.ptr = e};
        change.events = (e->sends ? EPOLLOUT : 0u) | (e->receives ? EPOLLIN : 0u);
        epoll_ctl(poll, EPOLL_CTL_MOD, e->fd, &change);
      } else {
        if (events[i].events & (EPOLLERR | EPOLLHUP)) alive = false;
        if (alive && events[i].events & EPOLLIN) alive = receive_some(e, &more);
        if (alive && events[i].events & EPOLLOUT) alive = send_some(e);
      }
      if (!alive) {
        close(e->fd);
        free(e);
      }
    }
  }
}

/* Blocking and unhurried: connects, opens the tunnel, says what the connection is for. What went wrong, or NULL. */
static const char *try_open_end(struct pipe_end *e, const struct options *o, char first) {
  struct opening opening = opening_for(o->hop, o->target);
  struct sockaddr_in a = loopback(o->port);
  e->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (e->fd < 0 || connect(e->fd, (struct sockaddr *)&a, sizeof a) < 0) return "connect";
  const char *out = opening.first;
  int out_length = opening.first_length;
  for (int round = 0; out_length > 0; round++) {
    if (send(e->fd, out, (size_t)out_length, MSG_NOSIGNAL) != out_length) return "send";
    int have = 0, used = 0;
    while ((used = opening_reply(o->hop, round, e->reply, have)) == 0) {
      ssize_t n = recv(e->fd, e->reply + have, sizeof e->reply - (size_t)have, 0);
      if (n <= 0) return "the handshake ended early";
      have += (int)n;
    }
    if (used < 0) return "the proxy refused";
    out = opening.second;
    out_length = round == 0 ? opening.second_length : 0;
  }
  return send(e->fd, &first, 1, MSG_NOSIGNAL) == 1 ? NULL : "send";
}

static void open_end(struct pipe_end *e, const struct options *o, char first) {
  const char *problem = try_open_end(e, o, first);
  if (problem != NULL) die(problem);
}

bool echo_once(const struct options *o) {
  struct pipe_end e = {.fd = -1};
  char back;
  bool came = try_open_end(&e, o, 'x') == NULL && recv(e.fd, &back, 1, 0) == 1;
  if (e.fd >= 0) close(e.fd);
  return came;
}

int run_bulk(const struct options *o) {
  make_source();
  int poll = epoll_create1(EPOLL_CLOEXEC);
  struct pipe_end *ends = calloc((size_t)o->clients, sizeof *ends);
  char what = o->direction == DIRECTION_DOWN ? 'd' : o->direction == DIRECTION_UP ? 'u' : 'b';
  for (int i = 0; i < o->clients; i++) {
    open_end(&ends[i], o, what);
    ends[i].sends = o->direction != DIRECTION_DOWN;
    ends[i].receives = o->direction != DIRECTION_UP;
  }
  for (int i = 0; i < o->clients; i++) {
    struct epoll_event e = {.data.ptr = &ends[i]};
    e.events = (ends[i].sends ? EPOLLOUT : 0u) | (ends[i].receives ? EPOLLIN : 0u);
    if (fcntl(ends[i].fd, F_SETFL, O_NONBLOCK) < 0) die("fcntl");
    if (epoll_ctl(poll, EPOLL_CTL_ADD, ends[i].fd, &e) < 0) die("epoll_ctl");
  }
  uint64_t started = now_ns(), deadline = started + (uint64_t)(o->seconds * 1e9), now = started, errors = 0;
  struct epoll_event events[64];
  while (now < deadline) {
    int n = epoll_wait(poll, events, 64, 100);
    for (int i = 0; i < n; i++) {
      struct pipe_end *e = events[i].data.ptr;
      bool alive = true, more = false;
      if (events[i].events & EPOLLIN) alive = receive_some(e, &more);
      if (alive && events[i].events & EPOLLOUT) alive = send_some(e);
      if (!alive) {
        errors++;
        epoll_ctl(poll, EPOLL_CTL_DEL, e->fd, NULL);
      }
    }
    now = now_ns();
    if (errors == (uint64_t)o->clients) break;
  }
  double seconds = (double)(now - started) / 1e9;
  uint64_t moved = sent_bytes + received_bytes;
  printf("{\"ops\":%.3f,\"seconds\":%.6f,\"rate\":%.3f,\"errors\":%llu,\"firstError\":\"%s\",\"bytes\":%llu,"
         "\"sent\":%llu,\"received\":%llu,\"loadCpu\":%.4f}\n",
         (double)moved / 1e6, seconds, (double)moved / 1e6 / seconds, (unsigned long long)errors,
         errors > 0 ? "a connection ended early" : "", (unsigned long long)moved, (unsigned long long)sent_bytes,
         (unsigned long long)received_bytes, cpu_seconds());
  return moved > 0 ? 0 : 1;
}

/* Each connection echoes once, so that both of its sides are known to be open, and then is silent. */
int run_idle(const struct options *o) {
  struct pipe_end *ends = calloc((size_t)o->clients, sizeof *ends);
  for (int i = 0; i < o->clients; i++) {
    open_end(&ends[i], o, 'x');
    char back;
    if (recv(ends[i].fd, &back, 1, 0) != 1) die("echo");
  }
  printf("{\"open\":%d}\n", o->clients);
  fflush(stdout);
  char ignored[64];
  while (read(0, ignored, sizeof ignored) > 0) continue;
  return 0;
}
