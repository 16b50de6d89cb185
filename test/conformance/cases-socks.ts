/**
 * Cases S: SOCKS5 (RFC 1928, RFC 1929), SOCKS4 and SOCKS4a, to the byte.
 */
import { unusedPort } from "../../scripts/unused-port.ts"
import { asks } from "../support/clients.ts"
import { greeter } from "../support/origins.ts"
import type { Peer } from "../support/peer.ts"
import type { Case, Stage } from "./runner.ts"
import { must, same } from "./talk.ts"

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1")
const join = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => Buffer.concat(parts)
const portOf = (port: number): Uint8Array => Uint8Array.of(port >> 8, port & 255)

const greeting = Uint8Array.of(5, 1, 0)
const noLogin = Uint8Array.of(5, 0)

/** A SOCKS5 request for a name. */
const named = (name: Uint8Array, port: number): Uint8Array =>
  join(Uint8Array.of(5, 1, 0, 3, name.length), name, portOf(port))

/** A SOCKS4 request for 127.0.0.1 with this user id, and its NUL. */
const socks4 = (userId: string, port: number, command = 1): Uint8Array =>
  join(Uint8Array.of(4, command), portOf(port), Uint8Array.of(127, 0, 0, 1), latin1(`${userId}\0`))

/** A SOCKS4a request: 0.0.0.1, no user id, and the name with its NUL. */
const socks4a = (name: Uint8Array, port: number): Uint8Array =>
  join(Uint8Array.of(4, 1), portOf(port), Uint8Array.of(0, 0, 0, 1, 0), name, Uint8Array.of(0))

/** Reads a SOCKS5 reply whole; returns its REP. RFC 1928 section 6. */
const reply5 = async (client: Peer): Promise<{ readonly code: number; readonly port: number }> => {
  const head = await client.read(4)
  same("version and RSV of the reply", [head[0], head[2]], [5, 0])
  must(head[3] === 1 || head[3] === 4, `address type ${head[3]} in the reply`)
  const rest = await client.read(head[3] === 1 ? 6 : 18)
  return { code: head[1]!, port: rest.readUInt16BE(rest.length - 2) }
}

/** Reads a SOCKS4 answer whole; returns its code. Its version is 0 and not 4. */
const reply4 = async (client: Peer): Promise<number> => {
  const answer = await client.read(8)
  same("version of the answer", answer[0], 0)
  return answer[1]!
}

/** Nothing more comes, and the proxy ends the connection. */
const isOver = async (client: Peer): Promise<void> => {
  await client.untilOver()
  same("bytes behind the refusal", client.pending.toString("latin1"), "")
}

/** A SOCKS5 client that is greeted is refused with one of these codes; the origin hears nothing. */
const refused5 = async (stage: Stage, bytes: Uint8Array, ...codes: ReadonlyArray<number>): Promise<void> => {
  const client = await stage.client()
  client.send(join(greeting, bytes))
  await client.expect(noLogin)
  const { code } = await reply5(client)
  must(codes.includes(code), `REP ${code} where ${codes.join(" or ")} was due`)
  await isOver(client)
}

const refused4 = async (stage: Stage, bytes: Uint8Array): Promise<void> => {
  const client = await stage.client()
  client.send(bytes)
  same("the code", await reply4(client), 91)
  await isOver(client)
}

/** Whatever the client sent, its tunnel stands: both directions, and the first bytes of the origin come after the reply. */
const carries = async (stage: Stage, client: Peer, origin: { accepted(): Promise<Peer> }): Promise<void> => {
  const accepted = await stage.keep(origin.accepted())
  client.send("to")
  await accepted.expect("to")
  accepted.send("fro")
  await client.expect("fro")
}

const requests: ReadonlyArray<Case> = [
  {
    id: "S01",
    clause: "RFC 1928 3, 4, 6",
    name: "greeting, request and first bytes in one segment reach the origin, and the reply tells the bound address",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(join(greeting, asks("socks5", "127.0.0.1", server.port), latin1("hello")))
      await client.expect(noLogin)
      const { code, port } = await reply5(client)
      same("REP", code, 0)
      const accepted = await server.accepted()
      await accepted.expect("hello")
      same("BND.PORT", port, accepted.socket.remotePort)
      accepted.send("back")
      await client.expect("back")
    },
  },
  {
    id: "S02",
    clause: "RFC 1928 3, 4",
    name: "the same, a byte in a segment, is the same",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      await client.trickle(join(greeting, asks("socks5", "127.0.0.1", server.port), latin1("hello")))
      await client.expect(noLogin)
      same("REP", (await reply5(client)).code, 0)
      await (await server.accepted()).expect("hello")
    },
  },
  ...[0x02, 0x03, 0x00, 0xff].map((command): Case => ({
    id: `S04-command-${command}`,
    clause: "RFC 1928 4, 6",
    name: `command ${command} is answered with REP 07`,
    play: (stage) => refused5(stage, Uint8Array.of(5, command, 0, 1, 127, 0, 0, 1, 0, 80), 7),
  })),
  ...[0x00, 0x02, 0x05, 0xff].map((type): Case => ({
    id: `S04-type-${type}`,
    clause: "RFC 1928 5, 6",
    name: `address type ${type} is answered with REP 08`,
    play: (stage) => refused5(stage, Uint8Array.of(5, 1, 0, type, 127, 0, 0, 1, 0, 80), 8),
  })),
  {
    id: "S04-version",
    clause: "RFC 1928 4",
    name: "another version in the request is answered with REP 01",
    play: (stage) => refused5(stage, Uint8Array.of(6, 1, 0, 1, 127, 0, 0, 1, 0, 80), 1),
  },
  {
    id: "S04-reserved",
    clause: "RFC 1928 4",
    name: "the reserved byte may be anything",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      const request = asks("socks5", "127.0.0.1", server.port)
      request[2] = 0xff
      client.send(join(greeting, request))
      await client.expect(noLogin)
      same("REP", (await reply5(client)).code, 0)
    },
  },
  {
    id: "S07",
    clause: "RFC 1928 5, RFC 4291 2.5.5.2",
    name: "an IPv4-mapped IPv6 address is the IPv4 address in it",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1]
      client.send(join(greeting, Uint8Array.of(5, 1, 0, 4, ...mapped), portOf(server.port)))
      await client.expect(noLogin)
      same("REP", (await reply5(client)).code, 0)
      await carries(stage, client, server)
    },
  },
  {
    id: "S08",
    clause: "RFC 1928 6",
    name: "a port where nobody listens is REP 05, and for SOCKS4 code 91",
    async play(stage) {
      const port = unusedPort()
      await refused5(stage, asks("socks5", "127.0.0.1", port), 5)
      await refused4(stage, socks4("", port))
    },
  },
  {
    id: "S09",
    clause: "RFC 1928 6",
    name: "port 0 is refused by each version",
    async play(stage) {
      await refused5(stage, asks("socks5", "127.0.0.1", 0), 1, 5)
      await refused5(stage, named(latin1("localhost"), 0), 1, 5)
      await refused4(stage, socks4("", 0))
      await refused4(stage, socks4a(latin1("localhost"), 0))
    },
  },
]

/** Names that are none. 01 and 04 are both true of them; what matters is that nothing was dialled and nothing broke. */
const wrongNames: ReadonlyArray<readonly [what: string, name: Uint8Array]> = [
  ["empty", latin1("")],
  ["255 bytes long", latin1("a".repeat(255))],
  ["a label of 64 bytes", latin1(`${"a".repeat(64)}.test`)],
  ["with NUL", latin1("127.0.0.1\0.test")],
  ["with CR LF", latin1("a\r\nHost: b")],
  ["with a space", latin1("a b")],
  ["with a percent sign", latin1("127.0.0.1%lo")],
  ["with raw UTF-8", Buffer.from("bücher.test")],
  ["with a slash", latin1("127.0.0.1/x")],
  ["with userinfo", latin1("user@127.0.0.1")],
  ["with a port", latin1("127.0.0.1:80")],
  ["an unclosed bracket", latin1("[::1")],
]

/** What inet_aton takes for 127.0.0.1, and a policy that compares dotted quads does not. */
const oddLoopbacks: ReadonlyArray<string> = [
  "127.1",
  "0x7f000001",
  "0x7f.0.0.1",
  "2130706433",
  "0177.0.0.1",
  "127.0.0.1.",
  "127.000.000.001",
]

const names: ReadonlyArray<Case> = [
  ...wrongNames.map(([what, name], i): Case => ({
    id: `S05-${i}`,
    clause: "RFC 1928 5",
    name: `a name that is ${what} is refused, in SOCKS5 and SOCKS4a`,
    async play(stage) {
      await refused5(stage, named(name, 80), 1, 4)
      // SOCKS4a ends a name at its first NUL: what is left of that one is a valid destination.
      if (!name.includes(0)) await refused4(stage, socks4a(name, 80))
    },
  })),
  ...oddLoopbacks.map((name): Case => ({
    id: `S05-${name}`,
    clause: "contract 4, T2",
    name: `${name} is no address, and is not dialled as one`,
    async play(stage) {
      const server = await stage.origin()
      await refused5(stage, named(latin1(name), server.port), 1, 4)
      await refused4(stage, socks4a(latin1(name), server.port))
      same("connections to the origin", server.connections.length, 0)
    },
  })),
  ...["127.0.0.1", "localhost", "LocalHost", "localhost.", "::ffff:127.0.0.1", "[::ffff:7f00:1]"].map((name): Case => ({
    id: `S05-works-${name}`,
    clause: "RFC 1928 5",
    name: `${name} in the place of a name is what it says`,
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(join(greeting, named(latin1(name), server.port)))
      await client.expect(noLogin)
      same("REP", (await reply5(client)).code, 0)
      await carries(stage, client, server)
      const older = await stage.client()
      older.send(socks4a(latin1(name), server.port))
      same("the code", await reply4(older), 90)
      await carries(stage, older, server)
    },
  })),
]

/** A greeting that offers these methods. */
const offering = (...methods: ReadonlyArray<number>): Uint8Array => Uint8Array.of(5, methods.length, ...methods)

/** A greeting that insists on a login, and the login. RFC 1929 section 2. */
const login = (user: string, password: string, version = 1): Uint8Array =>
  join(offering(2), Uint8Array.of(version, user.length), latin1(user), Uint8Array.of(password.length), latin1(password))

const everyMethodBut = (...without: ReadonlyArray<number>): ReadonlyArray<number> =>
  Array.from({ length: 255 }, (_, i) => i).filter((method) => !without.includes(method))

const greetings: ReadonlyArray<Case> = [
  ...(
    [
      ["no method", []],
      ["methods without 00 and 02", everyMethodBut(0, 2)],
    ] as const
  ).map(([what, methods], i): Case => ({
    id: `S03-none-${i}`,
    clause: "RFC 1928 3",
    name: `a greeting that offers ${what} is answered with FF, and the connection ends`,
    async play(stage) {
      const client = await stage.client()
      client.send(offering(...methods))
      await client.expect(Uint8Array.of(5, 0xff))
      await isOver(client)
    },
  })),
  {
    id: "S03-all",
    clause: "RFC 1928 3, contract 1",
    name: "of 255 methods 00 is chosen, wherever it stands",
    async play(stage) {
      const client = await stage.client()
      client.send(offering(...everyMethodBut().toReversed()))
      await client.expect(noLogin)
    },
  },
  ...(
    [
      ["of a usual length", "user", "S3CRET"],
      ["of 255 bytes each", "u".repeat(255), "S3CRET".padEnd(255, "x")],
      ["that are empty", "", ""],
      ["with every byte", String.fromCharCode(...everyMethodBut()), "S3CRET\0\r\n"],
    ] as const
  ).map(([what, user, password], i): Case => ({
    id: `S12-login-${i}`,
    clause: "RFC 1929 2, contract 1",
    name: `a client that insists on a login is let in with credentials ${what}, whole and byte by byte`,
    async play(stage) {
      const server = await stage.origin()
      const bytes = join(login(user, password), asks("socks5", "127.0.0.1", server.port))
      for (const trickles of [false, true]) {
        const client = await stage.client()
        if (trickles) await client.trickle(bytes)
        else client.send(bytes)
        await client.expect(Uint8Array.of(5, 2, 1, 0))
        same("REP", (await reply5(client)).code, 0)
        await carries(stage, client, server)
        client.reset()
        if (!stage.ours) continue
        await stage.pillion.lineOf(client)
        must(!/S3CRET/.test(stage.pillion.stdout.all.join() + stage.pillion.stderr.all.join()), "a password is logged")
      }
    },
  })),
  {
    id: "S12-version",
    clause: "RFC 1929 2",
    name: "a login of another version is refused in its own words, and the connection ends",
    async play(stage) {
      const client = await stage.client()
      client.send(login("user", "password", 5))
      await client.expect(Uint8Array.of(5, 2))
      const answer = await client.read(2)
      same("version of the answer", answer[0], 1)
      must(answer[1] !== 0, "the login succeeded")
      await isOver(client)
    },
  },
  {
    id: "S18",
    clause: "contract 1",
    name: "a client that falls back to SOCKS4 on the same connection, as Java does, is served",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(greeting)
      await client.expect(noLogin)
      client.send(socks4("java", server.port))
      same("the code", await reply4(client), 90)
      await carries(stage, client, server)
    },
  },
  ...(
    [
      ["nothing behind the greeting", greeting, noLogin],
      ["nothing behind the version", Uint8Array.of(5), new Uint8Array(0)],
      ["half a SOCKS5 request", join(greeting, Uint8Array.of(5, 1, 0, 3, 16, 0x61)), noLogin],
      ["half a login", join(offering(2), Uint8Array.of(1, 4, 0x61)), Uint8Array.of(5, 2)],
      [
        "a SOCKS4 request whose user id does not end",
        Uint8Array.of(4, 1, 0, 80, 127, 0, 0, 1, 0x61),
        new Uint8Array(0),
      ],
    ] as const
  ).map(([what, bytes, answer], i): Case => ({
    id: `S10-${i}`,
    clause: "contract 4, T5",
    name: `${what} is ended at the handshake deadline, and not before`,
    ours: true,
    async play(stage) {
      const pillion = await stage.start({ flags: ["--handshake-timeout=600ms"] })
      const client = await stage.client(pillion.ports.out)
      const started = performance.now()
      client.send(bytes)
      await client.expect(answer)
      await client.untilOver()
      const milliseconds = performance.now() - started
      must(milliseconds > 500 && milliseconds < 3000, `it took ${milliseconds} ms`)
      await stage.client(pillion.ports.out).then((next) => next.end().untilOver())
    },
  })),
  ...(
    [
      ["version 6", Uint8Array.of(6, 1, 0)],
      ["a TLS ClientHello", Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3)],
      ["a NUL", Uint8Array.of(0)],
    ] as const
  ).map(([what, bytes], i): Case => ({
    id: `S11-${i}`,
    clause: "RFC 1928 3",
    name: `${what} is closed on at once, without a byte`,
    async play(stage) {
      const client = await stage.client()
      client.send(bytes)
      await isOver(client)
      same("bytes received", client.received, 0)
      client.end()
      if (!stage.ours) return
      const line = await stage.pillion.lineOf(client)
      same("the refusal in the log", line["refusal"], "unknown-protocol")
    },
  })),
]

const older: ReadonlyArray<Case> = [
  ...[0, 1, 254, 255].map((length): Case => ({
    id: `S14-${length}`,
    clause: "SOCKS4 CONNECT",
    name: `a user id of ${length} bytes is skipped, whole and byte by byte`,
    async play(stage) {
      const server = await stage.origin()
      for (const trickles of [false, true]) {
        const client = await stage.client()
        const bytes = join(socks4("u".repeat(length), server.port), latin1("early"))
        if (trickles) await client.trickle(bytes)
        else client.send(bytes)
        same("the code", await reply4(client), 90)
        const accepted = await server.accepted()
        await accepted.expect("early")
      }
    },
  })),
  {
    id: "S14-long",
    clause: "contract 4",
    name: "a user id of 256 bytes is refused, as is one without end",
    async play(stage) {
      await refused4(stage, socks4("u".repeat(256), 80))
      await refused4(stage, Uint8Array.of(4, 1, 0, 80, 127, 0, 0, 1, ...Buffer.alloc(300, "u")))
    },
  },
  {
    id: "S15",
    clause: "SOCKS4A",
    name: "bytes behind the name's NUL are the first of the tunnel",
    async play(stage) {
      const server = await stage.origin()
      const client = await stage.client()
      client.send(join(socks4a(latin1("localhost"), server.port), latin1("\0\0early")))
      same("the code", await reply4(client), 90)
      await (await server.accepted()).expect("\0\0early")
    },
  },
  {
    id: "S15-long",
    clause: "contract 4",
    name: "a SOCKS4a name of 256 bytes is refused, as is one without end",
    async play(stage) {
      await refused4(stage, socks4a(latin1("n".repeat(256)), 80))
      await refused4(stage, Uint8Array.of(4, 1, 0, 80, 0, 0, 0, 1, 0, ...Buffer.alloc(300, "n")))
    },
  },
  {
    id: "S16-zero",
    clause: "SOCKS4A",
    name: "0.0.0.0 is no name and no destination",
    play: (stage) => refused4(stage, Uint8Array.of(4, 1, 0, 80, 0, 0, 0, 0, 0)),
  },
  ...[0, 2, 9, 255].map((command): Case => ({
    id: `S16-command-${command}`,
    clause: "SOCKS4 BIND",
    name: `SOCKS4 command ${command} is refused`,
    play: (stage) => refused4(stage, socks4("", 80, command)),
  })),
]

const tunnels = (["socks4", "socks4a", "socks5"] as const).flatMap((tunnel): ReadonlyArray<Case> => {
  const open = async (stage: Stage, port: number): Promise<Peer> => {
    const client = await stage.client()
    if (tunnel === "socks5") {
      client.send(greeting)
      await client.expect(noLogin)
    }
    client.send(asks(tunnel, "127.0.0.1", port))
    if (tunnel === "socks5") same("REP", (await reply5(client)).code, 0)
    else same("the code", await reply4(client), 90)
    return client
  }
  return [
    {
      id: `S17-${tunnel}`,
      clause: "RFC 1928 6",
      name: `a server that speaks first is heard behind the reply (${tunnel})`,
      async play(stage) {
        const banner = "220 welcome\r\n".repeat(1000)
        const server = await stage.keep(greeter(banner))
        const client = await open(stage, server.port)
        await client.expect(banner)
      },
    },
    {
      id: `S19-${tunnel}`,
      clause: "RFC 9293 3.6",
      name: `the end of one direction leaves the other open, and a reset stays one (${tunnel})`,
      async play(stage) {
        const server = await stage.origin()
        const client = await open(stage, server.port)
        const accepted = await server.accepted()
        client.send("question").end()
        same("what the origin got", (await accepted.readToEnd()).toString("latin1"), "question")
        accepted.send("answer").end()
        same("what the client got", (await client.readToEnd()).toString("latin1"), "answer")
        const second = await open(stage, server.port)
        ;(await server.accepted()).reset()
        await second.untilReset()
      },
    },
  ]
})

export const socksCases: ReadonlyArray<Case> = [...requests, ...names, ...greetings, ...older, ...tunnels]
