/*
 * The load generator and its origins, one program: `load MODE name=value ...`. Each mode prints one line of JSON.
 *
 *   load run          requests: closed loop, or open loop when rate= is given
 *   load bulk         bytes one way or both ways, as fast as they go
 *   load idle         opens connections and holds them until stdin ends
 *   load start        starts the command after --, and tells how long until it accepts and carries a byte
 *   load serve-echo | serve-http | serve-bulk    the origins; they print "ready" and run until killed
 *
 * Every run is bounded in time (seconds=) and, if wanted, in operations (count=). All addresses are 127.0.0.1.
 */
#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static int choose(const char *value, const char *const *names, const char *option) {
  for (int i = 0; names[i] != NULL; i++)
    if (strcmp(value, names[i]) == 0) return i;
  fprintf(stderr, "load: %s=%s is none of:", option, value);
  for (int i = 0; names[i] != NULL; i++) fprintf(stderr, " %s", names[i]);
  fprintf(stderr, "\n");
  exit(2);
}

static void set(struct options *o, const char *argument) {
  static const char *const hops[] = {"none", "socks4", "socks4a", "socks5", "connect", NULL};
  static const char *const kinds[] = {"echo", "http", NULL};
  static const char *const directions[] = {"down", "up", "both", NULL};
  char name[32];
  const char *equals = strchr(argument, '=');
  size_t length = equals == NULL ? 0 : (size_t)(equals - argument);
  if (length == 0 || length >= sizeof name) {
    fprintf(stderr, "load: %s is not name=value\n", argument);
    exit(2);
  }
  memcpy(name, argument, length);
  name[length] = 0;
  const char *value = equals + 1;
  if (strcmp(name, "port") == 0) o->port = atoi(value);
  else if (strcmp(name, "target") == 0) o->target = atoi(value);
  else if (strcmp(name, "ports") == 0) o->ports = atoi(value);
  else if (strcmp(name, "clients") == 0) o->clients = atoi(value);
  else if (strcmp(name, "core") == 0) o->core = atoi(value);
  else if (strcmp(name, "size") == 0) o->size = atoi(value);
  else if (strcmp(name, "chunked") == 0) o->chunked = atoi(value) != 0;
  else if (strcmp(name, "origin-form") == 0) o->origin_form = atoi(value) != 0;
  else if (strcmp(name, "fresh") == 0) o->fresh = atoi(value) != 0;
  else if (strcmp(name, "seconds") == 0) o->seconds = atof(value);
  else if (strcmp(name, "count") == 0) o->count = strtoull(value, NULL, 10);
  else if (strcmp(name, "rate") == 0) o->rate = atof(value);
  else if (strcmp(name, "hop") == 0) o->hop = (enum hop)choose(value, hops, name);
  else if (strcmp(name, "kind") == 0) o->kind = (enum kind)choose(value, kinds, name);
  else if (strcmp(name, "direction") == 0) o->direction = (enum direction)choose(value, directions, name);
  else {
    fprintf(stderr, "load: no option is called %s\n", name);
    exit(2);
  }
}

int main(int argc, char **argv) {
  static const char *const modes[] = {"run", "bulk", "idle", "start", "serve-echo", "serve-http", "serve-bulk", NULL};
  static int (*const entries[])(const struct options *) = {run_requests, run_bulk,   run_idle,  run_start,
                                                           serve_echo,   serve_http, serve_bulk};
  struct options o = {.ports = 1, .clients = 64, .size = 64, .seconds = 2};
  if (argc < 2) {
    fprintf(stderr, "usage: load run|bulk|idle|start|serve-echo|serve-http|serve-bulk name=value ...\n");
    return 2;
  }
  int mode = choose(argv[1], modes, "mode");
  for (int i = 2; i < argc; i++) {
    if (strcmp(argv[i], "--") == 0) {
      o.command = i + 1 < argc ? argv + i + 1 : NULL;
      break;
    }
    set(&o, argv[i]);
  }
  if (o.ports < 1 || o.clients < 1 || o.size < 1 || o.size > 65536) {
    fprintf(stderr, "load: ports, clients and size must be positive, size at most 65536\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  /* Nothing may outlive the harness that started it. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  raise_descriptor_limit();
  return entries[mode](&o);
}
