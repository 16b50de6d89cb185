/**
 * The cost of Bun's own sockets: a relay over them, with one fixed target. No Effect, no options, no log, no limits.
 *
 *   bun bench/bare.ts PORT TARGET           listens on 127.0.0.1:PORT and joins every connection to 127.0.0.1:TARGET
 *   bun bench/bare.ts PORT TARGET connect   the same behind one HTTP head, which is thrown away unread and answered 200
 *
 * What `pillion --poll=false` costs above this is what its deadlines, limits, counters and log cost, and for CONNECT its
 * parsing; what this costs above relay.c is what Bun's sockets cost. Half-close and back-pressure are kept as pillion
 * keeps them: `shutdown` and `terminate`, never `end`, and `close` only for a socket whose peer has finished.
 */

interface Side {
  socket: Bun.Socket<Side> | undefined
  /** Undefined until the other side exists: for a client of CONNECT, until its head has come. */
  other: Side | undefined
  /** What has come of a head that is not complete. */
  head: Uint8Array | undefined
  /** What a short write to this side left. */
  tail: Uint8Array | undefined
  /** Its peer's FIN has come. */
  ended: boolean
  /** Our FIN was sent. */
  finished: boolean
  over: boolean
}

const newSide = (): Side => ({
  socket: undefined,
  other: undefined,
  head: undefined,
  tail: undefined,
  ended: false,
  finished: false,
  over: false,
})

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

/** The second FIN is close(2), as in pillion: it sends what is left, and spares a wake-up. */
const finish = (side: Side): void => {
  if (side.finished || side.over) return
  side.finished = true
  if (side.ended) side.socket?.close()
  else side.socket?.shutdown()
}

const passEnd = (from: Side): void => {
  const to = from.other
  if (to === undefined) fail(from)
  else if (from.ended && to.socket !== undefined && to.tail === undefined) finish(to)
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
  binaryType: "uint8array",
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

const [port = 0, target = 0] = process.argv.slice(2, 4).map(Number)
const [way, ...more] = process.argv.slice(4)
if (![port, target].every((n) => n > 0 && n < 65536) || (way ?? "connect") !== "connect" || more.length > 0) {
  console.error("usage: bun bench/bare.ts PORT TARGET [connect]")
  process.exit(2)
}

const established = way === "connect" ? new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n") : undefined

/** The dialled side: what the client sent before it was open waits as its tail. */
const dialled: Bun.SocketHandler<Side> = {
  ...handlers,
  open: (socket) => {
    const side = socket.data
    side.socket = socket
    if (side.over) return void socket.terminate()
    if (side.other === undefined) return
    if (established !== undefined) write(side.other, established, side)
    if (side.tail !== undefined) drain(side)
    else passEnd(side.other)
  },
}

const dial = (client: Side): Side => {
  const origin = newSide()
  client.other = origin
  origin.other = client
  Bun.connect<Side>({
    hostname: "127.0.0.1",
    port: target,
    allowHalfOpen: true,
    data: origin,
    socket: dialled,
  }).catch(() => fail(origin))
  return origin
}

const accept = (socket: Bun.Socket<Side>): Side => {
  const client = newSide()
  client.socket = socket
  socket.data = client
  return client
}

const accepted: Bun.SocketHandler<Side> = { ...handlers, open: (socket) => void dial(accept(socket)) }

/** Where the bytes behind the head begin; -1 when it is not complete. */
const endOfHead = (bytes: Uint8Array): number => {
  for (let i = bytes.indexOf(13); i >= 0; i = bytes.indexOf(13, i + 1)) {
    if (bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i + 4
  }
  return -1
}

/** A client of CONNECT: its first bytes are a head, and what is behind that goes on to the origin. */
const connecting: Bun.SocketHandler<Side> = {
  ...handlers,
  open: (socket) => void accept(socket),
  data: (socket, chunk) => {
    const client = socket.data
    if (client.other !== undefined) return write(client.other, chunk, client)
    const head = client.head === undefined ? chunk : Buffer.concat([client.head, chunk])
    const end = endOfHead(head)
    client.head = end < 0 ? head : undefined
    if (end < 0) return
    const origin = dial(client)
    if (end < head.length) write(origin, head.subarray(end), client)
  },
}

const socket = established === undefined ? accepted : connecting
Bun.listen<Side>({ hostname: "127.0.0.1", port, allowHalfOpen: true, data: newSide(), socket })
