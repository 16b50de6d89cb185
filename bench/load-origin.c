/*
 * The origins: an echo, and an HTTP server that answers every request with the same bytes.
 *
 * Edge-triggered, one read an event, one write an answer, nothing formatted while it runs.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES (256 * 1024)

struct session {
  int fd;
  bool listener;
  bool ending;        /* epoll has told of its FIN: read on until it comes */
  int held;           /* bytes of an unfinished head, or not yet echoed */
  char head[4096];
};

static int poll_fd;
static char *answer, *last_answer;
static int answer_length, last_answer_length;

static void hang_up(struct session *s) {
  close(s->fd);
  free(s);
}

static void accept_all(struct session *listener) {
  for (;;) {
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct session *s = malloc(sizeof *s);
    s->fd = fd;
    s->listener = s->ending = false;
    s->held = 0;
    watch(poll_fd, fd, s);
  }
}

static bool send_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return false;
    if (n > 0) {
      bytes += n;
      length -= (size_t)n;
    }
  }
  return true;
}

/* Echoes are small and their askers wait for them, so a full socket is not worth a queue: send_all tries again. */
static bool echo(struct session *s) {
  static char bytes[READ_BYTES];
  for (;;) {
    ssize_t n = recv(s->fd, bytes, sizeof bytes, 0);
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN;
    if (!send_all(s->fd, bytes, (size_t)n)) return false;
    if (n < READ_BYTES && !s->ending) return true;
  }
}

/* One answer a head. A request has no body here. HTTP/1.0, or Connection: close, ends the connection with its answer. */
static bool answer_heads(struct session *s) {
  for (;;) {
    ssize_t n = recv(s->fd, s->head + s->held, sizeof s->head - 1 - (size_t)s->held, 0);
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN;
    s->held += (int)n;
    s->head[s->held] = 0;
    char *from = s->head, *end;
    while ((end = strstr(from, "\r\n\r\n")) != NULL) {
      *end = 0;
      bool last = strcasestr(from, "\r\nconnection: close") != NULL || strstr(from, "HTTP/1.0\r\n") != NULL;
      if (!send_all(s->fd, last ? last_answer : answer, (size_t)(last ? last_answer_length : answer_length))) return false;
      if (last) return false;
      from = end + 4;
    }
    s->held -= (int)(from - s->head);
    memmove(s->head, from, (size_t)s->held);
    if (s->held == (int)sizeof s->head - 1) return false;
    if (n < 2048 && !s->ending) return true;
  }
}

static void __attribute__((noreturn)) serve(const struct options *o, bool (*turn)(struct session *)) {
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < o->ports; i++) {
    struct session *s = calloc(1, sizeof *s);
    s->fd = listen_on(o->port + i);
    s->listener = true;
    watch(poll_fd, s->fd, s);
  }
  printf("ready\n");
  fflush(stdout);
  struct epoll_event events[256];
  for (;;) {
    int n = epoll_wait(poll_fd, events, 256, -1);
    for (int i = 0; i < n; i++) {
      struct session *s = events[i].data.ptr;
      if ((events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) s->ending = true;
      if (s->listener) accept_all(s);
      else if ((events[i].events & EPOLLIN || s->ending) && !turn(s)) hang_up(s);
    }
  }
}

int serve_echo(const struct options *o) { serve(o, echo); }

static char *make_answer(const struct options *o, const char *connection, int *length) {
  char framing[64] = "Transfer-Encoding: chunked";
  if (!o->chunked) snprintf(framing, sizeof framing, "Content-Length: %d", o->size);
  /* A chunk takes up to 16 bytes more than its data. */
  char *bytes = malloc(512 + (size_t)o->size + 16 * (2 + (size_t)o->size / CHUNK_BYTES));
  int at = snprintf(bytes, 512, "HTTP/1.1 200 OK\r\nServer: origin\r\nContent-Type: text/plain\r\n%s%s\r\n\r\n",
                    connection, framing);
  int most = o->chunked ? CHUNK_BYTES : o->size;
  for (int left = o->size; left > 0;) {
    int data = left < most ? left : most;
    if (o->chunked) at += sprintf(bytes + at, "%x\r\n", (unsigned)data);
    memset(bytes + at, 'x', (size_t)data);
    at += data;
    left -= data;
    if (o->chunked) at += sprintf(bytes + at, "\r\n");
  }
  if (o->chunked) at += sprintf(bytes + at, "0\r\n\r\n");
  *length = at;
  return bytes;
}

int serve_http(const struct options *o) {
  answer = make_answer(o, "", &answer_length);
  last_answer = make_answer(o, "Connection: close\r\n", &last_answer_length);
  serve(o, answer_heads);
}
