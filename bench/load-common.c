/* Clock, sockets, histogram and the proxy handshakes: see load.h. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

double cpu_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) die("setrlimit");
}

struct sockaddr_in loopback(int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  /* Inherited by accepted sockets. */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in a = loopback(port);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0) die("bind");
  if (listen(fd, 4096) < 0) die("listen");
  return fd;
}

int dial(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in a = loopback(port);
  if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) {
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
  }
  return fd;
}

void watch(int poll, int fd, void *data) {
  struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = data};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e) < 0) die("epoll_ctl");
}

void histogram_add(struct histogram *h, uint64_t ns) {
  unsigned bucket = (unsigned)ns;
  if (ns >= 64) {
    unsigned octave = 63u - (unsigned)__builtin_clzll(ns);
    bucket = (octave - 5) * 64 + (unsigned)((ns >> (octave - 6)) & 63);
    if (bucket >= HISTOGRAM_BUCKETS) bucket = HISTOGRAM_BUCKETS - 1;
  }
  h->buckets[bucket]++;
  h->count++;
  if (ns > h->largest) h->largest = ns;
}

double histogram_at(const struct histogram *h, double share) {
  uint64_t wanted = (uint64_t)((double)h->count * share), seen = 0;
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
    seen += h->buckets[i];
    if (seen > wanted || (seen == h->count && seen > 0)) {
      if (i < 64) return i / 1e3;
      unsigned octave = i / 64 + 5;
      /* The upper edge: never better than it was. */
      uint64_t edge = ((uint64_t)(64 + i % 64 + 1) << (octave - 6)) - 1;
      return (double)(edge < h->largest ? edge : h->largest) / 1e3;
    }
  }
  return 0;
}

struct opening opening_for(enum hop hop, int target) {
  struct opening o = {0};
  char high = (char)(target >> 8), low = (char)target;
  switch (hop) {
  case HOP_NONE:
    break;
  case HOP_SOCKS4: { /* VN, CD, DSTPORT, DSTIP, USERID, NUL */
    const char bytes[] = {4, 1, high, low, 127, 0, 0, 1, 0};
    memcpy(o.first, bytes, o.first_length = sizeof bytes);
    break;
  }
  case HOP_SOCKS4A: { /* DSTIP 0.0.0.x says that a name follows */
    const char bytes[] = {4, 1, high, low, 0, 0, 0, 1, 0};
    memcpy(o.first, bytes, sizeof bytes);
    memcpy(o.first + sizeof bytes, "localhost", 10);
    o.first_length = sizeof bytes + 10;
    break;
  }
  case HOP_SOCKS5: { /* RFC 1928: one method, "none"; then CONNECT to an IPv4 address */
    const char greeting[] = {5, 1, 0}, request[] = {5, 1, 0, 1, 127, 0, 0, 1, high, low};
    memcpy(o.first, greeting, o.first_length = sizeof greeting);
    memcpy(o.second, request, o.second_length = sizeof request);
    break;
  }
  case HOP_CONNECT:
    o.first_length = snprintf(o.first, sizeof o.first,
                              "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: load/1\r\n\r\n", target,
                              target);
    break;
  }
  return o;
}

int opening_reply(enum hop hop, int step, const char *buf, int have) {
  switch (hop) {
  case HOP_NONE:
    return 0;
  case HOP_SOCKS4:
  case HOP_SOCKS4A:
    return have < 8 ? 0 : buf[1] == 90 ? 8 : -1;
  case HOP_SOCKS5: {
    if (step == 0) return have < 2 ? 0 : buf[0] == 5 && buf[1] == 0 ? 2 : -1;
    if (have >= 2 && buf[1] != 0) return -1;
    if (have < 5) return 0;
    int length = buf[3] == 1 ? 10 : buf[3] == 4 ? 22 : 7 + (unsigned char)buf[4];
    return have < length ? 0 : length;
  }
  case HOP_CONNECT: {
    const char *end = memmem(buf, (size_t)have, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    return memcmp(buf, "HTTP/1.", 7) == 0 && buf[9] == '2' ? (int)(end - buf) + 4 : -1;
  }
  }
  return -1;
}
