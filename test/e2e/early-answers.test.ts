/**
 * An answer that comes before its request is whole (RFC 9112 section 9.6, RFC 9110 section 7.5) reaches a client that
 * sends all before it reads, whatever the origin does with the rest; and every request is one line and one count.
 */
import { expect, test } from "bun:test"
import { readResponse, status } from "../support/http.ts"
import { scrape } from "../support/metrics.ts"
import { needs } from "../support/needs.ts"
import { type Origin, origin } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { runCommand } from "../support/process.ts"
import { eventually } from "../support/within.ts"

const MB = 1_000_000
const block = Buffer.alloc(64 * 1024, "z")
const patience = 30_000

const answer = (...fields: ReadonlyArray<string>): string =>
  ["HTTP/1.1 413 Content Too Large", "Content-Length: 5", ...fields, "", "large"].join("\r\n")

/** What origins do when they have answered. */
const origins: Readonly<Record<string, (peer: Peer) => void>> = {
  "reads on and closes": (peer) => {
    peer.send(answer("Connection: close")).socket.on("end", () => peer.end())
  },
  "reads on and stays": (peer) => void peer.send(answer()),
  "ends and reads on": (peer) => void peer.send(answer("Connection: close")).end(),
  "closes with the rest unread": (peer) => {
    peer.socket.write(answer("Connection: close"), () => peer.socket.destroy())
  },
  "reads no more": (peer) => peer.send(answer()).pause(),
}

const makeOrigin = (then: (peer: Peer) => void): Promise<Origin> =>
  origin((peer) => {
    peer.sink = () => {}
    peer.socket.once("data", () => then(peer))
  })

/** Sends a body of `size` bytes, all of it before anything is read. */
const upload = async (client: Peer, authority: string, framing: "length" | "chunks", size: number): Promise<void> => {
  const fields = framing === "length" ? `Content-Length: ${size}` : "Transfer-Encoding: chunked"
  client.pause()
  client.send(`POST http://${authority}/up HTTP/1.1\r\nHost: ${authority}\r\n${fields}\r\n\r\n`)
  for (let left = size; left > 0; left -= block.length) {
    const part = block.subarray(0, Math.min(left, block.length))
    const bytes = framing === "length" ? part : Buffer.concat([chunkHead(part.length), part, Buffer.from("\r\n")])
    await new Promise<void>((resolve) => client.socket.write(bytes, () => resolve()))
  }
  if (framing === "chunks") client.send("0\r\n\r\n")
  client.resume()
}

const chunkHead = (length: number): Buffer => Buffer.from(`${length.toString(16)}\r\n`)

const linesOf = (pillion: Pillion, client: Peer) =>
  pillion.log.filter((line) => line["client"] === `127.0.0.1:${client.localPort}`)

for (const flag of ["--poll=true", "--poll=false"]) {
  for (const framing of ["length", "chunks"] as const) {
    for (const [what, then] of Object.entries(origins)) {
      test(`20 MB by ${framing} to an origin that answers at once and ${what}: the client gets the answer (${flag})`, async () => {
        using server = await makeOrigin(then)
        await using pillion = await startPillion({ flags: [flag] })
        using client = await rawConnect(pillion.ports.out)
        await upload(client, server.authority, framing, 20 * MB)
        const response = await readResponse(client)
        expect([status(response), response.body]).toEqual([413, "large"])
        expect(client.failure).toBeUndefined()
        if (what.includes("reads on")) {
          const got = async (): Promise<boolean> => server.connections[0]!.received > 20 * MB
          await eventually(got, true, "whether the origin got it all", patience)
        }
        client.end()
        const line = await pillion.waitForLog((each) => each["method"] === "POST", patience)
        expect([line["method"], line["status"], line["bytes_out"], line["end"], line["error"]]).toEqual([
          "POST",
          413,
          5,
          undefined,
          undefined,
        ])
      }, 60_000)
    }
  }

  test(`behind an early answer the connection goes on where the origin does (${flag})`, async () => {
    using server = await makeOrigin(origins["reads on and stays"]!)
    await using pillion = await startPillion({ flags: [flag] })
    using client = await rawConnect(pillion.ports.out)
    await upload(client, server.authority, "chunks", MB)
    expect(status(await readResponse(client))).toBe(413)
    // Not one byte of the body is taken for a request.
    using second = await makeOrigin((peer) => void peer.send("HTTP/1.1 204 No Content\r\n\r\n"))
    client.send(`GET http://${second.authority}/ HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect(status(await readResponse(client))).toBe(204)
    expect(server.connections.length).toBe(1)
  })

  test(`a client of 20 kB/s that goes on sending gets its answer, and one that stops is not waited for (${flag})`, async () => {
    using server = await makeOrigin(origins["closes with the rest unread"]!)
    await using pillion = await startPillion({ flags: [flag] })
    using client = await rawConnect(pillion.ports.out)
    using silent = await rawConnect(pillion.ports.out)
    const head = `POST http://${server.authority}/up HTTP/1.1\r\nHost: a\r\nContent-Length: 160000\r\n\r\n`
    silent.send(head)
    client.pause()
    client.send(head)
    for (let sent = 0; sent < 160_000; sent += 10_000) {
      await Bun.sleep(500)
      client.send(block.subarray(0, 10_000))
    }
    client.resume()
    expect(status(await readResponse(client))).toBe(413)
    expect(client.failure).toBeUndefined()
    expect(await client.untilOver(patience)).toBe("end")
    expect(status(await readResponse(silent))).toBe(413)
    expect(await silent.untilOver(patience)).toBe("end")
  }, 60_000)
}

test("a client that waits for a 100 and gets another answer is not asked to send its body", async () => {
  using server = await makeOrigin((peer) => void peer.send(answer()))
  await using pillion = await startPillion()
  using client = await rawConnect(pillion.ports.out)
  const { authority } = server
  client.send(`POST http://${authority}/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`)
  const response = await readResponse(client)
  expect([
    status(response),
    response.fields.some(([name, value]) => name === "Connection" && value === "close"),
  ]).toEqual([413, true])
  // What comes now could be its body, or its next request: nobody can know, and nobody is asked.
  client.send(`GET http://${authority}/ HTTP/1.1\r\nHost: a\r\n\r\n`)
  expect((await client.readToEnd(patience)).length).toBe(0)
  expect(server.connections.length).toBe(1)
})

// One request, one line, one count.

/** What a request can end in, and who ended it; undefined where it was answered. */
const endings: ReadonlyArray<
  readonly [string, end: string | undefined, serve: (peer: Peer) => void, act?: (client: Peer) => void]
> = [
  ["an answer", undefined, (peer) => void peer.send("HTTP/1.1 204 No Content\r\n\r\n")],
  ["an answer until close that is reset", "target", (peer) => resetBehind(peer, "HTTP/1.1 200 OK\r\n\r\nabc")],
  [
    "an answer with a length that is reset",
    "target",
    (peer) => resetBehind(peer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
  ],
  [
    "an answer that ends early",
    "target",
    (peer) => void peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").end(),
  ],
  [
    "an answer in chunks that are none",
    "target",
    (peer) => void peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
  ],
  ["no answer", "target", (peer) => void peer.end()],
  ["a client that resets", "client", () => {}, (client) => client.reset()],
  ["a body that ends early", "client", () => {}, (client) => void client.end()],
]

const resetBehind = (peer: Peer, bytes: string): void => {
  peer.socket.write(bytes, () => setTimeout(() => peer.reset(), 50))
}

test("one request is one line and one count, whatever it ends in", async () => {
  await using pillion = await startPillion()
  for (const [i, [name, end, serve, act]] of endings.entries()) {
    using server = await makeOrigin(serve)
    using client = await rawConnect(pillion.ports.out)
    const body = name.startsWith("a body") ? "Content-Length: 10\r\n\r\nabc" : "\r\n"
    client.send(`PUT http://${server.authority}/${i} HTTP/1.1\r\nHost: a\r\n${body}`)
    const accepted = await server.accepted()
    if (act !== undefined) {
      await accepted.untilReceived(1)
      act(client)
    }
    const line = await pillion.waitForLog((each) => each["path"] === `/${i}`)
    expect([name, line["end"]]).toEqual([name, end])
    client.socket.destroy()
  }
  const total = async (): Promise<number> => {
    const { samples } = await scrape(pillion)
    const counts = [...samples].filter(([name]) => name.startsWith("pillion_http_requests_total{"))
    return counts.reduce((sum, [, count]) => sum + count, 0)
  }
  await eventually(() => open(pillion), 0, "the number of open connections")
  expect(await total()).toBe(endings.length)
  expect(pillion.log.filter((line) => line["method"] !== undefined).length).toBe(endings.length)
})

/** Connections that are open. */
const open = async (pillion: Pillion): Promise<number> => {
  const { samples } = await scrape(pillion)
  const active = [...samples].filter(([name]) => name.startsWith("pillion_connections_active"))
  return active.reduce((sum, [, count]) => sum + count, 0)
}

test("an answer whose client left before it had all of it is not logged as if all went well", async () => {
  const length = 4 * MB
  using server = await makeOrigin((peer) => {
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`).send(Buffer.alloc(length))
  })
  await using pillion = await startPillion()
  for (const close of ["", "Connection: close\r\n"]) {
    using client = await rawConnect(pillion.ports.out)
    client.narrow(16 * 1024).pause()
    client.send(`GET http://${server.authority}/ HTTP/1.1\r\nHost: a\r\n${close}\r\n`)
    const accepted = await server.accepted()
    await accepted.untilReceived(1)
    // The proxy has taken everything; its kernel has most of it still.
    await eventually(async () => accepted.socket.writableLength, 0, "what the origin has not sent")
    client.reset()
    const line = await pillion.lineOf(client)
    expect([line["status"], line["end"]]).toEqual([200, "client"])
    expect(linesOf(pillion, client).length).toBe(1)
  }
})

/** Uploads 20 MB in one call, and prints the status that comes back. */
const uploader = `
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
connection.request("POST", sys.argv[2], body=b"z" * 20_000_000)
print(connection.getresponse().status)
`

needs("python3", "curl")(
  "Python and curl get the status that they get without a proxy, every time",
  async () => {
    using server = await makeOrigin(origins["ends and reads on"]!)
    await using pillion = await startPillion()
    const url = `http://${server.authority}/up`
    const proxy = `http://127.0.0.1:${pillion.ports.out}`
    const statuses: Array<string> = []
    for (let i = 0; i < 5; i++) {
      const { stdout } = await runCommand(["python3", "-c", uploader, `${pillion.ports.out}`, url])
      statuses.push(stdout.trim())
      const body = ["--data-binary", "@-", "--header", "Expect:"]
      const sent = Bun.spawn(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-x", proxy, ...body, url], {
        stdin: new Blob([Buffer.alloc(20 * MB)]),
        stdout: "pipe",
        env: { PATH: process.env["PATH"] ?? "" },
      })
      statuses.push(await new Response(sent.stdout).text())
    }
    expect(statuses).toEqual(statuses.map(() => "413"))
  },
  60_000,
)
