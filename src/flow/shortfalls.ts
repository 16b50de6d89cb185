/**
 * Shortfalls: what this machine does not give the program, as a sandbox or a limit has it. The program goes on without.
 */

/** Features that have a slower way where the machine does not permit the fast one. Each is an option of that name. */
export const features = ["poll", "splice"] as const
export type Feature = (typeof features)[number]

/** Why the slower way is taken; what each means stands in the log line. */
export const fallbackReasons = {
  "no-jit": "calls into the C library need the JIT, and this sandbox lets no memory become executable (W^X)",
  "no-libc": "the C library, or one of its functions, cannot be loaded",
  "no-epoll": "the runtime's epoll cannot be found: /proc/self/fdinfo does not tell of it",
  "no-descriptor": "the system gives no descriptor for it",
  time: "a test connection on loopback was not made in time",
  failed: "a test connection on loopback failed",
  denied: "the system call is refused",
  lost: "the kernel did not give back what it had taken",
} as const
export type FallbackReason = keyof typeof fallbackReasons

export interface Fallback {
  readonly reason: FallbackReason
  /** The error code of the system, where there is one. */
  readonly code?: string | undefined
}

/** The system's errors of accept(2) that are counted by name. */
export const acceptErrors = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EPERM", "EACCES", "ENOSYS", "other"] as const

/** Hears of shortfalls. Called synchronously from the event loop; must not throw. */
export interface Shortfalls {
  readonly fellBack: (feature: Feature, fallback: Fallback) => void
  /** Called at every try to accept that fails on a port, for now or for good; accepting is tried again. */
  readonly cannotAccept: (port: number, code: string) => void
  /** Called when something could be accepted there again. */
  readonly acceptsAgain: (port: number) => void
  /** Called when epoll(7) does not take a socket. `told`: its client gets an answer; else the socket is reset. */
  readonly cannotWatch: (code: string, told: boolean) => void
}

/** Ignores every shortfall: for tests, and before anybody listens. */
export const unheard: Shortfalls = { fellBack() {}, cannotAccept() {}, acceptsAgain() {}, cannotWatch() {} }
