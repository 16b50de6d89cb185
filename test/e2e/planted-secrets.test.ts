/** Secrets that are planted in every place where one may pass: none of them is in anything that is kept, shown or logged. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { zstdDecompressSync } from "node:zlib"

import { join as joinBytes } from "../support/bytes.ts"
import { type Captured, startCaptured } from "../support/captured.ts"
import { openTunnel } from "../support/clients.ts"
import { readResponse } from "../support/http.ts"
import { greeter, httpOrigin, origin } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { planted, secretOf } from "../support/planted.ts"
import { closeFrame, deflateMessages, frame } from "../support/websocket.ts"
import { eventually } from "../support/within.ts"

/** Everything that somebody could look into, by its name. */
const places = async (captured: Captured): Promise<ReadonlyArray<readonly [place: string, text: string]>> => [
  ["lines of records", await captured.get("/captures?limit=10000")],
  ["HAR", await captured.get("/captures.har?limit=10000")],
  ["tap", captured.tapped.join("\n")],
  ["what show prints", await captured.shown()],
  ["connections", await captured.get("/connections")],
  ["metrics", await captured.get("/metrics")],
  ["access log", captured.pillion.stdout.all.join("\n")],
  ["log", captured.pillion.stderr.all.join("\n")],
]

/** Those of the WebSocket are none of HTTP's. */
const ofSocket = (n: number): string => secretOf(70 + n)

/** A text with what of it is in base64 decoded behind it: there a secret could hide from a search. */
const withDecoded = (text: string): string =>
  [
    text,
    ...(text.match(/[A-Za-z0-9+/]{12,}={0,2}/g) ?? []).map((each) => Buffer.from(each, "base64").toString("latin1")),
  ].join("\n")

/** The access log has paths as they are, and connections show its lines: they are no records. */
const inLog = new Set(["a path is in connections", "a path is in access log"])

const expectNowhere = async (captured: Captured, secrets: ReadonlyArray<readonly [where: string, secret: string]>) => {
  const all = (await places(captured)).map(([place, text]) => [place, withDecoded(text)] as const)
  const left = secrets.flatMap(([where, secret]) =>
    all.flatMap(([place, text]) => (text.includes(secret) ? [`${where} is in ${place}`] : [])),
  )
  expect(left.filter((each) => !inLog.has(each))).toEqual([])
}

/** Sends a request, and waits for the last of its answers. */
const answerTo = async (client: Peer, request: string): Promise<void> => {
  client.send(request)
  let { line } = await readResponse(client)
  while (/ 1\d\d /.test(line)) line = (await readResponse(client)).line
}

test("there are more than sixty with those of WebSockets and streams below, and no two are equal", () => {
  expect(planted.length).toBeGreaterThanOrEqual(58)
  expect(new Set(planted.map(({ secret }) => secret)).size).toBe(planted.length)
})

test("of HTTP that is carried as it is, and of HTTP that is passed on", async () => {
  const answers = planted.map(({ answer }) => answer)
  let answered = 0
  using server = await httpOrigin(() => answers[answered++ % answers.length])
  await using captured = await startCaptured({ flags: ["--proxy-host=127.0.0.1", `--proxy-port=${server.port}`] })
  const { ports } = captured.pillion
  for (const port of [ports.in, ports.out]) {
    using client = await rawConnect(port)
    for (const { request } of planted) {
      const isAbsolute = port === ports.out
      await answerTo(client, isAbsolute ? request.replace(/ \//, ` http://${server.authority}/`) : request)
    }
  }
  await eventually(() => Promise.resolve(captured.tapped.length), 2 * planted.length, "records", 20_000)
  expect(await captured.records()).toHaveLength(2 * planted.length)
  await expectNowhere(
    captured,
    planted.map(({ where, secret }) => [where, secret]),
  )
  // What is none is still there, and nothing was left out for want of time.
  const lines = await captured.get("/captures?limit=10000")
  expect(lines).toContain('\\"max_tokens\\":4096')
  expect(lines).toContain('\\"token_type\\":\\"bearer\\"')
  expect(lines.match(/"omitted":"\w+"/g)).toBeNull()
  // Both ways of the same secret are the same token.
  for (const { target } of (await captured.records()).flatMap((each) =>
    each.kind === "exchange" ? [each.request.line] : [],
  )) {
    expect(target).not.toContain("plAnted")
  }
}, 60_000)

test("of a directory: no file of it holds one, compressed or not", async () => {
  const directory = await mkdtemp(join(tmpdir(), "pillion-captures-"))
  try {
    let answered = 0
    using server = await httpOrigin(() => planted[answered++]?.answer)
    await using captured = await startCaptured(
      { flags: ["--proxy-host=127.0.0.1", `--proxy-port=${server.port}`] },
      join(directory, "captures"),
    )
    using client = await rawConnect(captured.pillion.ports.in)
    for (const { request } of planted) await answerTo(client, request)
    await eventually(() => Promise.resolve(captured.tapped.length), planted.length, "records", 20_000)
    client.end()
    await captured.stop()
    const files = await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: directory, absolute: true, dot: true }))
    const texts = await Promise.all(files.map(textOf))
    expect(texts.join("").match(/"kind":"exchange"/g)).toHaveLength(planted.length)
    const all = withDecoded(texts.join("\n"))
    expect(planted.flatMap(({ where, secret }) => (all.includes(secret) ? [where] : []))).toEqual([])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}, 60_000)

/** What a file holds, one character a byte. */
const textOf = async (path: string): Promise<string> => {
  const bytes = Buffer.from(await Bun.file(path).bytes())
  return (path.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes).toString("latin1")
}

test("of WebSockets: text, bytes, fragments, what is compressed, and why it was closed", async () => {
  const mask = [7, 1, 9, 3]
  const [first, second] = await deflateMessages([
    `{"token":"${ofSocket(0)}"}`,
    `{"token":"${ofSocket(1)}","again":"${ofSocket(0)}"}`,
  ])
  const halves = [`{"password":"${ofSocket(2).slice(0, 5)}`, `${ofSocket(2).slice(5)}"}`] as const
  const frames = [
    frame({ payload: first!, compressed: true, mask }),
    frame({ payload: second!, compressed: true, mask }),
    frame({ payload: halves[0], final: false, mask }),
    frame({ op: "ping", payload: `{"secret":"${ofSocket(3)}"}`, mask }),
    frame({ op: "continuation", payload: halves[1], mask }),
    frame({ op: "binary", payload: `{"api_key":"${ofSocket(4)}"}`, mask }),
    frame({ op: "binary", payload: Buffer.from(`\0\xff http://me:${ofSocket(5)}@host/ `, "latin1"), mask }),
    frame({ payload: `see https://h/?session=${ofSocket(6)} please`, mask }),
    closeFrame(4000, `{"token":"${ofSocket(7)}"}`, mask),
  ]
  using server = await httpOrigin(() =>
    [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Extensions: permessage-deflate",
      `Set-Cookie: sid=${ofSocket(8)}`,
      "",
      "",
    ].join("\r\n"),
  )
  await using captured = await startCaptured({ flags: ["--proxy-host=127.0.0.1", `--proxy-port=${server.port}`] })
  using client = await rawConnect(captured.pillion.ports.in)
  client.send("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
  await client.readUntil("\r\n\r\n")
  const target = await server.accepted()
  const reply = frame({ payload: `{"reply":{"session":"${ofSocket(8)}"}}` })
  target.send(reply)
  await client.read(reply.length)
  const all = joinBytes(...frames)
  client.send(all)
  await target.read(all.length)
  client.end()
  target.end()
  const record = await captured.record("socket")
  expect(record.frames.map(({ op, omitted }) => omitted ?? op)).toEqual([
    "text",
    "text",
    "text",
    "text",
    "ping",
    "binary",
    "binary",
    "text",
    "close",
  ])
  await expectNowhere(
    captured,
    Array.from({ length: 9 }, (_, n) => [`number ${n}`, ofSocket(n)] as const),
  )
  // Equal secrets are equal tokens: of two messages, and of a cookie and a message.
  const [, one] = /"token":"(tok_\w+)"/.exec(record.frames[1]?.text ?? "") ?? []
  expect(record.frames[2]?.text).toContain(`"again":"${one}"`)
  const [, cookie] =
    /sid=(tok_\w+)/.exec(record.response?.headers.find(([name]) => name === "Set-Cookie")?.[1] ?? "") ?? []
  expect(record.frames[0]?.text).toBe(`{"reply":{"session":"${cookie}"}}`)
}, 20_000)

test("of streams, and of what a client says to the proxy", async () => {
  using server = await greeter("220 mail.example AKIAIOSFODNN7EXAMPLE\r\n")
  using silent = await origin()
  await using captured = await startCaptured({ flags: ["--capture-opaque"] })
  using client = await openTunnel("socks5", captured.pillion.ports.out, server.port)
  await client.readUntil("\r\n")
  client.send("AUTH http://me:plAnted-80-9vQx3k@host/\r\n")
  await client.readUntil("host/\r\n")
  client.end()
  using other = await rawConnect(captured.pillion.ports.out)
  other.send(`CONNECT ${silent.authority} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic plAnted-81-9vQx3k\r\n\r\n`)
  await other.readUntil("\r\n\r\n")
  other.send("\0\0")
  const target = await silent.accepted()
  await target.read(2)
  other.end()
  target.end()
  await eventually(() => Promise.resolve(captured.tapped.length), 2, "records", 10_000)
  expect((await captured.records()).map(({ kind }) => kind)).toEqual(["stream", "stream"])
  await expectNowhere(captured, [
    ["a key in first bytes", "AKIAIOSFODNN7EXAMPLE"],
    ["a user in first bytes", "plAnted-80-9vQx3k"],
    ["Proxy-Authorization of CONNECT", "plAnted-81-9vQx3k"],
  ])
}, 20_000)
