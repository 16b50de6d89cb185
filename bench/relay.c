/*
 * The floor: the least that a relay in user space can do. One fixed target, one thread, no options, no log, no limits.
 *
 *   relay PORT TARGET           listens on 127.0.0.1:PORT and joins every connection to 127.0.0.1:TARGET
 *   relay PORT TARGET socks5    the same behind a SOCKS5 handshake: it answers what comes without reading it, dials its
 *                               one target, and takes a client to send each message whole and no more
 *
 * It keeps the promises that cost something on the data path: half-close both ways, and back-pressure with at most one
 * read held per direction. It has no deadlines and handles no shortage of descriptors: do not use it for anything else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES (256 * 1024)

struct side {
  int fd;
  bool ending;         /* epoll has told of its FIN: a short read is no reason to stop before it */
  bool ended;          /* its FIN has been read */
  bool passed;         /* the other side has been told so */
  struct side *other;
  char *tail;          /* what a short write to this side left */
  size_t tail_length;
};

enum step { GREETING, REQUEST, DIALLING, JOINED };

struct pair {
  struct side client, target;
  enum step step;
  bool dead;
  struct pair *next_dead;
};

static char bytes[READ_BYTES];
static struct pair *dead_pairs;

static struct pair *pair_of(struct side *s) { return (struct pair *)(s->other > s ? s : s->other); }

/* Freed after the turn: another event of the same turn may still point here. */
static void end_pair(struct side *s) {
  struct pair *p = pair_of(s);
  if (p->dead) return;
  p->dead = true;
  close(p->client.fd);
  if (p->target.fd >= 0) close(p->target.fd);
  p->next_dead = dead_pairs;
  dead_pairs = p;
}

static bool pass_end(struct side *from) {
  if (!from->ended || from->passed || from->other->tail != NULL) return true;
  from->passed = true;
  shutdown(from->other->fd, SHUT_WR);
  return !(from->other->ended && from->other->passed);
}

/* Moves what `from` has to its other side, until nothing is left or the other side is full. False: the pair is over. */
static bool move(struct side *from) {
  struct side *to = from->other;
  if (pair_of(from)->step != JOINED) return true;
  while (to->tail == NULL && !from->ended) {
    ssize_t n = recv(from->fd, bytes, sizeof bytes, 0);
    if (n < 0) return errno == EAGAIN;
    if (n == 0) {
      from->ended = true;
      return pass_end(from);
    }
    ssize_t sent = send(to->fd, bytes, (size_t)n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < n) {
      size_t done = sent < 0 ? 0 : (size_t)sent;
      to->tail_length = (size_t)n - done;
      to->tail = malloc(to->tail_length);
      memcpy(to->tail, bytes + done, to->tail_length);
    }
    if ((size_t)n < sizeof bytes && !from->ending) return true;
  }
  return true;
}

static bool write_tail(struct side *s) {
  if (s->tail == NULL) return true;
  ssize_t n = send(s->fd, s->tail, s->tail_length, MSG_NOSIGNAL);
  if (n < 0) return errno == EAGAIN;
  s->tail_length -= (size_t)n;
  if (s->tail_length > 0) {
    memmove(s->tail, s->tail + n, s->tail_length);
    return true;
  }
  free(s->tail);
  s->tail = NULL;
  return pass_end(s->other) && move(s->other);
}

static void watch(int poll, struct side *s) {
  struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = s};
  epoll_ctl(poll, EPOLL_CTL_ADD, s->fd, &e);
}

static bool dial(int poll, struct pair *p, const struct sockaddr_in *target) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) return false;
  p->target.fd = fd;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, (const struct sockaddr *)target, sizeof *target) < 0 && errno != EINPROGRESS) return false;
  watch(poll, &p->target);
  return true;
}

static bool answer(struct pair *p, const char *message, size_t length) {
  return send(p->client.fd, message, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* One step of the handshake, when `s` has something to tell. False: the pair is over. */
static bool shake(int poll, struct side *s, uint32_t events, const struct sockaddr_in *target) {
  struct pair *p = pair_of(s);
  if (p->step == DIALLING) {
    if (s != &p->target || (events & EPOLLOUT) == 0) return true;
    p->step = JOINED;
    return answer(p, "\5\0\0\1\0\0\0\0\0\0", 10) && move(&p->client);
  }
  ssize_t n = recv(s->fd, bytes, sizeof bytes, 0);
  if (n <= 0) return n < 0 && errno == EAGAIN;
  if (p->step == REQUEST) {
    p->step = DIALLING;
    return dial(poll, p, target);
  }
  p->step = REQUEST;
  return answer(p, "\5\0", 2);
}

static void on_event(int poll, struct side *s, uint32_t events, const struct sockaddr_in *target) {
  if (pair_of(s)->dead) return;
  bool alive = (events & EPOLLERR) == 0;
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) s->ending = true;
  if (alive && pair_of(s)->step != JOINED) alive = shake(poll, s, events, target);
  else if (alive) {
    if ((events & EPOLLOUT) != 0) alive = write_tail(s);
    if (alive && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) alive = move(s);
  }
  if (!alive) end_pair(s);
}

static void accept_all(int poll, int listener, const struct sockaddr_in *target, enum step first) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct pair *p = calloc(1, sizeof *p);
    p->step = first;
    p->client = (struct side){.fd = fd, .other = &p->target};
    p->target = (struct side){.fd = -1, .other = &p->client};
    watch(poll, &p->client);
    if (first == JOINED && !dial(poll, p, target)) end_pair(&p->client);
  }
}

static struct sockaddr_in loopback(const char *port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

int main(int argc, char **argv) {
  bool socks = argc == 4 && strcmp(argv[3], "socks5") == 0;
  if (argc != 3 && !socks) return fprintf(stderr, "usage: relay PORT TARGET [socks5]\n"), 2;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  struct sockaddr_in here = loopback(argv[1]), target = loopback(argv[2]);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0 || listen(listener, 4096) < 0) return perror("relay"), 1;
  int poll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event add = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &add);
  for (;;) {
    int n = epoll_wait(poll, events, 256, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.ptr == NULL) accept_all(poll, listener, &target, socks ? GREETING : JOINED);
      else on_event(poll, events[i].data.ptr, events[i].events, &target);
    }
    while (dead_pairs != NULL) {
      struct pair *p = dead_pairs;
      dead_pairs = p->next_dead;
      free(p->client.tail);
      free(p->target.tail);
      free(p);
    }
  }
}
