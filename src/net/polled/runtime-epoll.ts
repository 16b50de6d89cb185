/**
 * Runtime epoll: finds the epoll(7) that the runtime's loop waits for.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"

declare module "bun" {
  /** bun-types 1.4.5 leaves out what listeners of Bun 1.4.5 have. */
  interface TCPSocketListener<Data = unknown> {
    readonly fd: number
  }
}

/** The epoll(7) that the runtime's loop waits for: the one that watches a socket of the runtime's (proc(5), fdinfo). */
export const runtimesEpoll = (): number | undefined => {
  try {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
    try {
      const watched = new RegExp(`^tfd:\\s*${listener.fd} `, "m")
      const isIt = (fd: string): boolean =>
        linkOf(fd) === "anon_inode:[eventpoll]" && watched.test(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))
      const found = readdirSync("/proc/self/fd").find(isIt)
      return found === undefined ? undefined : Number(found)
    } finally {
      listener.stop(true)
    }
  } catch {
    return undefined
  }
}

/** Reads what a descriptor leads to; that by which the directory was read is gone, and leads to nothing. */
const linkOf = (fd: string): string => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ""
  }
}
