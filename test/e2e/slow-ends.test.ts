/**
 * The end of a transfer to somebody who reads slowly: all of it gets there, long after the proxy has written the last
 * byte; a peer that takes nothing is ended in time, and the log says so. Every way to end, by both kinds of sockets.
 */
import { expect, test } from "bun:test"
import { openTunnel, type Tunnel } from "../support/clients.ts"
import { type Origin, origin } from "../support/origins.ts"
import { startHaproxy } from "../support/haproxy.ts"
import { needs } from "../support/needs.ts"
import { pattern } from "../support/pair.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { type AccessLine, type Pillion, startPillion } from "../support/pillion.ts"
import { eventually } from "../support/within.ts"

/** Less than the proxy's kernel holds: everything is written at once. */
const payload = Buffer.from(pattern(300_000))
const bytesPerSecond = 25_000
/** What a reader's kernel takes unread: much less than the payload. */
const window = 16 * 1024
/** Less than a slow reader needs for everything, and less than a pause; more than it needs for what its kernel holds. */
const halfCloseTimeout = 7000
const pause = 9000
/** For bugs: a slow reader is through in 12 s, a dead one is given up after two half-close timeouts at most. */
const patience = 40_000

/** How somebody reads. Set before anything comes. */
type Reads = (reader: Peer) => void

const slowly: Reads = (reader) => {
  reader.socket.on("data", (chunk: Buffer) => {
    reader.pause()
    setTimeout(() => reader.resume(), (1000 * chunk.length) / bytesPerSecond)
  })
}

const afterAPause: Reads = (reader) => {
  reader.pause()
  setTimeout(() => reader.resume(), pause)
}

const never: Reads = (reader) => reader.pause()

/** Everything that comes for somebody, until it ends in order. */
const everything = (reader: Peer): Promise<Buffer> => reader.readToEnd(patience)

/** The answers that an origin gives, by path: whatever frames the payload. */
const answers: Readonly<Record<string, readonly [before: string, after: string]>> = {
  "/length": [`Content-Length: ${payload.length}\r\n\r\n`, ""],
  "/chunks": [`Transfer-Encoding: chunked\r\n\r\n${payload.length.toString(16)}\r\n`, "\r\n0\r\n\r\n"],
  "/close": ["Connection: close\r\n\r\n", ""],
}

/** An origin that sends or takes the payload, as the first line asks, and notes what it took. */
const makeOrigin = async (reads: Reads): Promise<Origin & { readonly took: Map<string, Promise<Buffer>> }> => {
  const took = new Map<string, Promise<Buffer>>()
  const serve = async (peer: Peer): Promise<void> => {
    const [method, path = ""] = (await peer.readUntil("\n", patience)).trim().split(" ")
    if (method === "down") return void peer.send(payload).end()
    if (method === "up") {
      reads(peer)
      took.set(path, everything(peer))
      await took.get(path)
      return void peer.send("thanks").end()
    }
    await peer.readUntil("\r\n\r\n", patience)
    if (method === "GET") {
      const [before, after] = answers[path]!
      peer.send(`HTTP/1.1 200 OK\r\n${before}`).send(payload).send(after)
      return path === "/close" ? void peer.end() : undefined
    }
    if (path === "/early") peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks")
    reads(peer)
    took.set(path, peer.read(payload.length, patience))
    await took.get(path)
    if (path !== "/early") peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks")
  }
  // Who is ended in the middle is the test's business, and shows in what was taken.
  const made = await origin((peer) => void serve(peer.narrow(window)).catch(() => {}))
  return Object.assign(made, { took })
}

interface Ground {
  readonly origin: Awaited<ReturnType<typeof makeOrigin>>
  /** Speaks HTTP on both sides, and opaque TCP on the inbound one. */
  readonly http: Pillion
  readonly tcp: Pillion
  readonly reads: Reads
}

/** A transfer that has begun: its client, and what the slow side got of it when all is over. */
interface Transfer {
  readonly client: Peer
  readonly got: () => Promise<Buffer>
}

type Scene = (proxies: Proxies) => Promise<Transfer>

const asks =
  (path: string, version: string, ...fields: ReadonlyArray<string>): Scene =>
  async ({ http, origin: { authority }, reads }) => {
    const client = await rawConnect(http.ports.out)
    reads(client.narrow(window))
    client.send([`GET http://${authority}${path} ${version}`, `Host: ${authority}`, ...fields, "", ""].join("\r\n"))
    return { client, got: () => everything(client) }
  }

const open = ({ http, tcp, origin: { port } }: Proxies, tunnel: Tunnel): Promise<Peer> =>
  openTunnel(tunnel, tunnel === "tcp" ? tcp.ports.in : http.ports.out, port)

const downloads =
  (tunnel: Tunnel): Scene =>
  async (ground) => {
    const client = await open(ground, tunnel)
    ground.reads(client.narrow(window))
    client.send("down\n")
    return { client, got: () => everything(client) }
  }

const uploads =
  (tunnel: Tunnel): Scene =>
  async (ground) => {
    const client = await open(ground, tunnel)
    client.send(`up ${tunnel}\n`).send(payload).end()
    return { client, got: () => taken(ground, tunnel, client) }
  }

/** What the origin took, once the client has heard that it did. */
const taken = async ({ origin: { took } }: Proxies, path: string, client: Peer): Promise<Buffer> => {
  await client.readUntil("thanks", patience)
  return took.get(path)!
}

const put =
  (path: string, close: boolean): Scene =>
  async (ground) => {
    const { http, origin: server } = ground
    const client = await rawConnect(http.ports.out)
    client.send(`PUT http://${server.authority}${path} HTTP/1.1\r\nHost: ${server.authority}\r\n`)
    client.send(`Content-Length: ${payload.length}\r\n\r\n`).send(payload)
    if (close) client.end()
    return { client, got: () => taken(ground, path, client) }
  }

const scenes: Readonly<Record<string, Scene>> = {
  "an answer with a length, then close": asks("/length", "HTTP/1.1", "Connection: close"),
  "an answer in chunks, then close": asks("/chunks", "HTTP/1.1", "Connection: close"),
  "an answer until close": asks("/close", "HTTP/1.1"),
  "an answer to HTTP/1.0": asks("/length", "HTTP/1.0"),
  "an answer that keeps its connection": asks("/length", "HTTP/1.1"),
  "an answer in chunks that keeps its connection": asks("/chunks", "HTTP/1.1"),
  "inbound HTTP": async ({ http, reads }) => {
    const client = await rawConnect(http.ports.in)
    reads(client.narrow(window))
    client.send("GET /close HTTP/1.1\r\nHost: workload\r\n\r\n")
    return { client, got: () => everything(client) }
  },
  "from a target by tcp": downloads("tcp"),
  "from a target by CONNECT": downloads("connect"),
  "from a target by SOCKS4": downloads("socks4"),
  "from a target by SOCKS5": downloads("socks5"),
  "to a target by tcp": uploads("tcp"),
  "to a target by CONNECT": uploads("connect"),
  "to a target by SOCKS4": uploads("socks4"),
  "to a target by SOCKS5": uploads("socks5"),
  "a body whose client has finished": put("/up", true),
  "a body that is answered early": put("/early", false),
}

/** What a scene needs of the proxies that it goes through. */
interface Proxies {
  readonly http: { readonly ports: { readonly in: number; readonly out: number } }
  readonly tcp: { readonly ports: { readonly in: number } }
  readonly origin: Ground["origin"]
  readonly reads: Reads
}

/** Both kinds of sockets at once: what takes time here is the readers' own. */
const onEachGround = async (
  reads: Reads,
  halfCloseTimeout: number,
  play: (ground: Ground) => Promise<void>,
): Promise<void> => {
  const flags = [
    `--half-close-timeout=${halfCloseTimeout}ms`,
    "--keep-alive-timeout=1s",
    "--drain-timeout=60s",
    "--origin-reuse=0",
  ]
  const results = await Promise.allSettled(
    ["--poll=true", "--poll=false"].map(async (poll) => {
      using server = await makeOrigin(reads)
      const shared = [`--proxy-port=${server.port}`, poll, ...flags]
      await using http = await startPillion({ flags: shared })
      await using tcp = await startPillion({ flags: ["--proxy-protocol=tcp:http", ...shared] })
      await play({ origin: server, http, tcp, reads })
    }),
  )
  for (const [i, result] of results.entries()) {
    if (result.status === "rejected")
      throw new Error(`by ${i === 0 ? "polled" : "the runtime's"} sockets`, { cause: result.reason })
  }
}

const lineOf = ({ http, tcp }: Ground, { client }: Transfer): Promise<AccessLine> => {
  const fits = (line: AccessLine): boolean => line["client"] === `127.0.0.1:${client.localPort}`
  return Promise.race([http.waitForLog(fits, patience), tcp.waitForLog(fits, patience)])
}

type Row = readonly [name: string, begin: Scene]
const rows: ReadonlyArray<Row> = Object.entries(scenes)
/** Here the slow side is the origin, and its client waits for what it says then. */
const isUpload = ([name]: Row): boolean => name.startsWith("to a target") || name.startsWith("a body")

/** What went wrong in a scene; nothing, if all is well. */
const flawOf = async (ground: Ground, begin: Scene): Promise<unknown> => {
  try {
    const transfer = await begin(ground)
    using client = transfer.client
    const got = await transfer.got()
    client.end()
    const line = await lineOf(ground, transfer)
    const isWell = got.includes(payload) && line["error"] === undefined && line["code"] === undefined
    return isWell && line["end"] !== "timeout" ? undefined : { got: got.length, line }
  } catch (cause) {
    return cause
  }
}

const flawsOf = async (ground: Ground, played: ReadonlyArray<Row>): Promise<ReadonlyArray<unknown>> => {
  const flaws = await Promise.all(played.map(async ([name, begin]) => ({ name, flaw: await flawOf(ground, begin) })))
  return flaws.filter(({ flaw }) => flaw !== undefined)
}

test("whoever reads 25 kB/s gets everything, however the connection ends", async () => {
  await onEachGround(slowly, halfCloseTimeout, async (ground) => expect(await flawsOf(ground, rows)).toEqual([]))
}, 60_000)

test("whoever pauses for longer than anybody waits gets what was finished: the kernel delivers it", async () => {
  const downs = rows.filter((row) => !isUpload(row))
  await onEachGround(afterAPause, halfCloseTimeout, async (ground) => {
    const flaws = await Promise.all(
      downs.map(async ([name, begin]) => {
        const transfer = await begin(ground)
        using _ = transfer.client
        return (await transfer.got()).includes(payload) ? [] : [name]
      }),
    )
    expect(flaws.flat()).toEqual([])
  })
}, 60_000)

test("whoever pauses for less gets everything, and is answered", async () => {
  await onEachGround(afterAPause, 2 * pause, async (ground) => expect(await flawsOf(ground, rows)).toEqual([]))
}, 60_000)

test("whoever takes nothing is ended in time, its descriptors are back, and its line says so", async () => {
  // That body is in the kernels whole, and nobody waits for it.
  const dead = rows.filter(([name]) => name !== "a body that is answered early")
  await onEachGround(never, halfCloseTimeout, async (ground) => {
    const before = ground.http.openFiles() + ground.tcp.openFiles()
    const played = dead.map(async ([name, begin]) => {
      const transfer = await begin(ground)
      using _ = transfer.client
      const line = await lineOf(ground, transfer)
      return [name, line["end"]]
    })
    expect(await Promise.all(played)).toEqual(dead.map(([name]) => [name, "timeout"]))
    const open = async (): Promise<boolean> => ground.http.openFiles() + ground.tcp.openFiles() <= before
    await eventually(open, true, "whether descriptors are back", 3 * halfCloseTimeout)
  })
}, 60_000)

test("a drain delivers what a kept connection was answered, and does not wait for longer", async () => {
  await onEachGround(slowly, halfCloseTimeout, async (ground) => {
    const { http } = ground
    using company = await open(ground, "connect")
    const transfer = await asks("/length", "HTTP/1.1")(ground)
    using client = transfer.client
    await client.readUntil("\r\n\r\n", patience)
    http.signal("SIGTERM")
    expect((await transfer.got()).includes(payload.subarray(-100_000))).toBe(true)
    const line = await lineOf(ground, transfer)
    expect([line["status"], line["bytes_out"], line["end"]]).toEqual([200, payload.length, undefined])
    company.end()
    expect(await http.exited).toBe(0)
  })
}, 60_000)

needs("haproxy")(
  "HAProxy delivers the same: nothing here is asked for that others do not do",
  async () => {
    const names = ["inbound HTTP", "from a target by tcp", "to a target by tcp"]
    using server = await makeOrigin(slowly)
    await using peer = await startHaproxy(server.port)
    const http = { ports: { in: peer.http, out: peer.http } }
    const tcp = { ports: { in: peer.tcp } }
    const played = names.map(async (name) => {
      const transfer = await scenes[name]!({ origin: server, http, tcp, reads: slowly })
      using _ = transfer.client
      return [name, (await transfer.got()).includes(payload)]
    })
    expect(await Promise.all(played)).toEqual(names.map((name) => [name, true]))
  },
  60_000,
)
