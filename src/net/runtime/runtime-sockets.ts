/**
 * Runtime sockets: listening and connecting by Bun, wherever it runs.
 *
 * Bun calls nearly every failure to connect ECONNREFUSED (oven-sh/bun#37093), and an attempt that was cancelled lives
 * on, unheard, until it connects (then it is reset) or the kernel gives it up.
 */
import { connect as bunConnect, listen as bunListen, type SocketHandler } from "bun"

import type { Peer } from "../../flow/flow.ts"
import type { Address } from "../../protocol/address.ts"
import { Attempt, type AttemptOwner, type Connect } from "../sockets/attempt.ts"
import { nobody } from "../common/end.ts"
import { peerOf } from "../sockets/socket-address.ts"
import type { Accept, Listening, Sockets } from "../sockets/sockets.ts"
import { abandonedEnds, RuntimeEnd } from "./runtime-end.ts"

/** One constant for every socket of the program; what differs per connection lives in the end. */
const handlers: SocketHandler<RuntimeEnd> = {
  // Plain arrays: a view of a Buffer costs many times what a view of a Uint8Array does.
  binaryType: "uint8array",
  open(socket) {
    socket.data.attach(socket)
    socket.data.receiver.drain(socket.data)
  },
  data(socket, chunk) {
    socket.data.take(chunk)
  },
  drain(socket) {
    socket.data.receiver.drain(socket.data)
  },
  end(socket) {
    socket.data.finish()
  },
  close(socket, error) {
    socket.data.close(codeOf(error))
  },
  error(socket, error) {
    socket.data.defect(error)
  },
  connectError(socket, error) {
    const code = codeOf(error) ?? "ECONNREFUSED"
    // A failure at once is reported before `connect` has returned, and even microtasks run before that.
    setImmediate(() => socket.data.close(code))
  },
}

const codeOf = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined

/**
 * Attempts at most that are abandoned and that the kernel may still be working on, each with a descriptor, for up to
 * two minutes. Without a bound a client that dials black holes would take every descriptor of the process.
 */
export const maxAbandoned = 1024

export const connect: Connect = (address: Address, port: number, owner: AttemptOwner) => {
  if (abandonedEnds() >= maxAbandoned) return "EMFILE"
  const attempt = new Attempt(address, port, owner)
  const end = new RuntimeEnd(attempt)
  attempt.end = end
  // Its rejection repeats what connectError has said.
  bunConnect({ hostname: address.text, port, allowHalfOpen: true, socket: handlers, data: end }).catch(() => {})
  return attempt
}

/** The name of a client that has gone already. */
const nobodyKnown: Peer = { host: "-", port: 0 }

/** Bun binds with SO_REUSEADDR and a backlog of 512. */
const listen = (address: Address, port: number, accept: Accept): Listening => {
  let listening = true
  const server = bunListen<RuntimeEnd>({
    hostname: address.text,
    port,
    // Without it Bun closes a socket whole when its peer sends FIN, and the answer is lost.
    allowHalfOpen: true,
    socket: {
      ...handlers,
      open(socket) {
        const end = new RuntimeEnd(nobody)
        socket.data = end
        end.attach(socket)
        const name = end.remoteName()
        accept(end, name === undefined ? nobodyKnown : peerOf(name))
      },
    },
  })
  return {
    port: server.port,
    stop: () => {
      if (!listening) return
      listening = false
      server.stop()
    },
  }
}

export const runtimeSockets: Sockets = { listen, connect }
