/**
 * Listen failed: a listener that could not be opened, in words that say what to do about it.
 */
import * as Data from "effect/Data"

/** The code of a listener whose connections could never be accepted, because a sandbox denies it. */
export const cannotAccept = "accept4 denied"

/** Every listener of the program, and the option that moves it to another port. */
const portOptions = {
  inbound: "--proxy-in-port",
  outbound: "--proxy-out-port",
  health: "--health-port",
  admin: "--admin-port",
} as const

export type ListenerName = keyof typeof portOptions

export class ListenFailed extends Data.TaggedError("ListenFailed")<{
  readonly what: ListenerName
  /** The address as text, without brackets. */
  readonly address: string
  readonly port: number
  /** The error code of the system: `EADDRINUSE`, `EACCES`, ... */
  readonly code: string
}> {
  override get message(): string {
    return `cannot listen on ${this.address} port ${this.port} (${this.what}): ${explain(this)}`
  }
}

/** The ListenFailed that something thrown by `Bun.listen` or `Bun.serve` means. */
export const listenFailed = (what: ListenerName, address: string, port: number, cause: unknown): ListenFailed =>
  new ListenFailed({ what, address, port, code: codeOf(cause) })

const codeOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message
}

/**
 * Whether the machine has no IPv6, or a sandbox denies it: then the listeners that are for both families by default take
 * IPv4 alone. If it was something else, IPv4 fails by it too, and first.
 */
export const hasNoIpv6 = ({ address, code }: ListenFailed): boolean =>
  address.includes(":") && (withoutIpv6.has(code) || !isErrorCode(code))

/** EAFNOSUPPORT and EADDRNOTAVAIL are the kernel's own; a filter of system calls answers as its author liked. */
const withoutIpv6: ReadonlySet<string> = new Set([
  "EAFNOSUPPORT",
  "EADDRNOTAVAIL",
  "EPROTONOSUPPORT",
  "EPERM",
  "EACCES",
  "ENOSYS",
])

/** Bun.listen gives none where there was not even a socket. */
const isErrorCode = (code: string): boolean => /^E[A-Z0-9]+$/.test(code)

const explain = ({ what, code, port }: Pick<ListenFailed, "what" | "code" | "port">): string => {
  const option = portOptions[what]
  switch (code) {
    case "EADDRINUSE":
      return `the port is in use (${code}); stop what holds it, or set ${option}`
    case "EACCES":
      return port < 1024
        ? `this user may not listen below port 1024 (${code}); set ${option}, or grant CAP_NET_BIND_SERVICE`
        : `this system does not permit it (${code}); set ${option}`
    case "EADDRNOTAVAIL":
      return `this machine does not have that address (${code}); ${bindAdvice(what)}`
    case "EAFNOSUPPORT":
      return `this machine does not have that address family (${code}); ${bindAdvice(what)}`
    case cannotAccept:
      return "connections cannot be accepted: a sandbox refuses accept4(2); permit it in its profile (seccomp)"
    case "EMFILE":
    case "ENFILE":
      return `too many files are open (${code}); raise the limit of open files`
    default:
      return code
  }
}

const bindAdvice = (what: ListenerName): string => {
  switch (what) {
    case "inbound":
      return "set --proxy-in-bind to one that it has"
    case "outbound":
      return "set --proxy-out-bind to one that it has"
    case "health":
    case "admin":
      return "bring up the loopback interface"
  }
}
