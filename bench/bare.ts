/**
 * The cost of our own structure: a relay in bare Bun, with one fixed target. No Effect, no options, no log, no limits.
 *
 *   bun bench/bare.ts PORT TARGET     listens on 127.0.0.1:PORT and joins every connection to 127.0.0.1:TARGET
 *
 * What pillion costs above this is what its deadlines, limits, counters and log cost; what this costs above relay.c is
 * what Bun costs. Half-close and back-pressure are kept as pillion keeps them: `shutdown` and `terminate`, never `end`.
 */

interface Side {
  socket: Bun.Socket<Side> | undefined
  /** Undefined until the other side exists. */
  other: Side | undefined
  /** What a short write to this side left. */
  tail: Uint8Array | undefined
  ended: boolean
  over: boolean
}

const newSide = (): Side => ({ socket: undefined, other: undefined, tail: undefined, ended: false, over: false })

const fail = (side: Side): void => {
  if (side.over) return
  side.over = true
  side.socket?.terminate()
  if (side.other !== undefined) fail(side.other)
}

const write = (to: Side, chunk: Uint8Array, from: Side): void => {
  const socket = to.socket
  if (socket === undefined || to.tail !== undefined) {
    to.tail = to.tail === undefined ? chunk : Buffer.concat([to.tail, chunk])
    from.socket?.pause()
    return
  }
  const written = socket.write(chunk, 0, chunk.length)
  if (written < 0) fail(from)
  else if (written < chunk.length) {
    to.tail = chunk.subarray(written)
    from.socket?.pause()
  }
}

const passEnd = (from: Side): void => {
  const to = from.other
  if (from.ended && to?.socket !== undefined && to.tail === undefined) to.socket.shutdown()
}

const drain = (side: Side): void => {
  const { socket, tail, other } = side
  if (socket === undefined || tail === undefined || other === undefined) return
  const written = socket.write(tail, 0, tail.length)
  if (written < 0) return fail(side)
  if (written < tail.length) {
    side.tail = tail.subarray(written)
    return
  }
  side.tail = undefined
  if (other.ended) passEnd(other)
  else other.socket?.resume()
}

const handlers: Bun.SocketHandler<Side> = {
  data: (socket, chunk) => {
    const { other } = socket.data
    if (other !== undefined) write(other, chunk, socket.data)
  },
  drain: (socket) => drain(socket.data),
  end: (socket) => {
    socket.data.ended = true
    passEnd(socket.data)
  },
  close: (socket, error) => {
    const side = socket.data
    if (side.over) return
    if (error !== undefined) return fail(side)
    side.over = true
    side.ended = true
    passEnd(side)
  },
  connectError: (socket) => fail(socket.data),
  error: (socket) => fail(socket.data),
}

/** The dialled side: what the client sent before it was open waits as its tail. */
const dialled: Bun.SocketHandler<Side> = {
  ...handlers,
  open: (socket) => {
    const side = socket.data
    side.socket = socket
    if (side.over) socket.terminate()
    else if (side.tail !== undefined) drain(side)
    else if (side.other !== undefined) passEnd(side.other)
  },
}

const ports = process.argv.slice(2).map(Number)
const [port, target] = ports
if (port === undefined || target === undefined || ports.some((n) => !(n > 0 && n < 65536))) {
  console.error("usage: bun bench/bare.ts PORT TARGET")
  process.exit(2)
}

const accepted: Bun.SocketHandler<Side> = {
  ...handlers,
  open: (socket) => {
    const client = newSide()
    const origin = newSide()
    client.socket = socket
    client.other = origin
    origin.other = client
    socket.data = client
    Bun.connect<Side>({
      hostname: "127.0.0.1",
      port: target,
      allowHalfOpen: true,
      data: origin,
      socket: dialled,
    }).catch(() => fail(origin))
  },
}

Bun.listen<Side>({ hostname: "127.0.0.1", port, allowHalfOpen: true, data: newSide(), socket: accepted })
