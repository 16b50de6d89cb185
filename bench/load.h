/*
 * What the parts of the load generator share: options, clock, sockets, latency histogram.
 *
 * One process, one thread, edge-triggered epoll throughout. It uses as few system calls per operation as the sockets
 * allow, because it shares its core with the origins and must not be what limits a proxy on the other core.
 */
#ifndef LOAD_H
#define LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

enum hop { HOP_NONE, HOP_SOCKS4, HOP_SOCKS4A, HOP_SOCKS5, HOP_CONNECT };
enum kind { KIND_ECHO, KIND_HTTP };
enum direction { DIRECTION_DOWN, DIRECTION_UP, DIRECTION_BOTH };

#define CHUNK_BYTES 8192

/* All of them are given as name=value after the mode; times are seconds, sizes bytes, the rate operations a second. */
struct options {
  int port;         /* where the proxy (or, for a server, this process) listens on 127.0.0.1 */
  int target;       /* the origin's port, named in the handshake or in the absolute-form URI */
  int ports;        /* how many origins, on consecutive ports from target (client) or port (server) */
  int clients;      /* connections at once */
  int size;         /* bytes of an echo, or of an HTTP response body */
  bool chunked;     /* an HTTP response body comes in chunks of CHUNK_BYTES */
  bool origin_form; /* HTTP requests name no origin */
  bool fresh;       /* a new connection for every operation */
  double seconds;   /* the longest the run may take */
  uint64_t count;   /* the most operations it may do; 0 is no such bound */
  double rate;      /* open loop at this rate; 0 is a closed loop */
  enum hop hop;
  enum kind kind;
  enum direction direction;
  int core;         /* start: where the command runs */
  char **command;   /* start: what follows -- */
};

/* Log-linear latency counts: 64 buckets an octave, so a value read back is at most 1.6 % off. Nanoseconds. */
#define HISTOGRAM_BUCKETS (64 * 42)
struct histogram {
  uint64_t count, largest, buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t ns);
/* The smallest value that at least `share` (0..1) of all values do not exceed, in microseconds. */
double histogram_at(const struct histogram *h, double share);

uint64_t now_ns(void);
void die(const char *what) __attribute__((noreturn));
void raise_descriptor_limit(void);
struct sockaddr_in loopback(int port);
int listen_on(int port);
/* A non-blocking socket whose connection to 127.0.0.1:port has begun; -1 with errno when it could not. */
int dial(int port);
void watch(int poll, int fd, void *data);
/* Processor seconds, user and system, of this process. */
double cpu_seconds(void);

/* The bytes a client sends before its tunnel is open. */
struct opening {
  char first[512];
  int first_length;
  char second[16]; /* SOCKS5 only: the request that follows the method reply */
  int second_length;
};
struct opening opening_for(enum hop hop, int target);
/* Bytes the proxy's reply in `buf` takes; 0 when there is more to come, -1 when it refused. `step` is 0, or 1 after SOCKS5's greeting. */
int opening_reply(enum hop hop, int step, const char *buf, int have);

int run_requests(const struct options *o);
int run_bulk(const struct options *o);
int run_idle(const struct options *o);
int run_start(const struct options *o);
/* One byte there and back on a new connection; false when it does not come back. */
bool echo_once(const struct options *o);
int serve_echo(const struct options *o);
int serve_http(const struct options *o);
int serve_bulk(const struct options *o);

#endif
