/*
 * From the start of a command to its first accepted connection and its first byte through.
 *
 * The command is a child in a session of its own, pinned to core `core=`, killed with its children when the answer is in.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between two attempts to connect: the error of the result. */
#define PAUSE_US 100

static pid_t run_child(const struct options *o) {
  pid_t child = fork();
  if (child != 0) return child;
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET((unsigned)o->core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  execvp(o->command[0], o->command);
  _exit(127);
}

int run_start(const struct options *o) {
  if (o->command == NULL) return fprintf(stderr, "load: start needs -- COMMAND\n"), 2;
  uint64_t started = now_ns(), deadline = started + (uint64_t)(o->seconds * 1e9), accepted = 0, answered = 0;
  pid_t child = run_child(o);
  if (child < 0) die("fork");
  struct sockaddr_in a = loopback(o->port);
  while (answered == 0 && now_ns() < deadline && waitpid(child, NULL, WNOHANG) == 0) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
      close(fd);
      if (accepted == 0) accepted = now_ns();
      if (echo_once(o)) answered = now_ns();
    } else {
      if (fd >= 0) close(fd);
    }
    if (answered == 0) usleep(PAUSE_US);
  }
  kill(-child, SIGKILL);
  waitpid(child, NULL, 0);
  if (answered == 0) return fprintf(stderr, "load: the command never answered on port %d\n", o->port), 1;
  printf("{\"acceptedMs\":%.3f,\"firstByteMs\":%.3f}\n", (double)(accepted - started) / 1e6,
         (double)(answered - started) / 1e6);
  return 0;
}
