/**
 * Cases H, limits: heads that are too much, slow clients and readers, destinations that are denied or not there.
 */
import { field, readResponse, status } from "../support/http.ts"
import { makeNamespace } from "../support/namespace.ts"
import { anonymousBytes } from "../support/process.ts"
import { eventually } from "../support/within.ts"
import { Recorder } from "./recorder.ts"
import type { Case, Stage } from "./runner.ts"
import { flood, get, must, request, same } from "./talk.ts"
import { isRefused, refused } from "./verdicts.ts"

const mebibyte = 1 << 20

const large: ReadonlyArray<Case> = [
  refused({
    id: "H25a",
    clause: "RFC 9112 3",
    name: "a request line of 30 KiB is refused",
    sends: (authority) => get(authority, `/${"x".repeat(30_000)}`),
    status: 414,
    repairable: true,
  }),
  refused({
    id: "H25b",
    clause: "RFC 6585 5",
    name: "a field of 70 KiB is refused",
    sends: (authority) => get(authority, "/", `X: ${"x".repeat(70_000)}`),
    status: 431,
    repairable: true,
  }),
  refused({
    id: "H25c",
    clause: "RFC 6585 5",
    name: "five thousand fields are refused",
    sends: (authority) => get(authority, "/", ...Array.from({ length: 5000 }, (_, i) => `X-${i}: y`)),
    status: 431,
    repairable: true,
  }),
  ...(
    [
      ["H25d", "a request line without end is refused, and costs no memory", "GET http://h/", "x", 414],
      [
        "H25e",
        "a field without end is refused, and costs no memory",
        "GET http://h/ HTTP/1.1\r\nHost: h\r\nX: ",
        "x",
        431,
      ],
      [
        "H25f",
        "fields without end are refused, and cost no memory",
        "GET http://h/ HTTP/1.1\r\nHost: h\r\n",
        "X: y\r\n",
        431,
      ],
      ["H25g", "empty lines without end are refused, and cost no memory", "", "\r\n", 400],
    ] as const
  ).map(([id, name, head, line, wanted]): Case => ({
    id,
    clause: "contract 4, CVE-2020-8659",
    name,
    // RFC 9112 section 2.2 has at least one skipped, and sets no end.
    ours: line === "\r\n",
    async play(stage) {
      const client = await stage.client()
      const before = memory(stage)
      client.send(head)
      await flood(client, line)
      const grown = memory(stage) - before
      // The answer may be lost to the reset behind it; if it is not, it is this one.
      const code = Number(client.pending.toString("latin1").split(" ")[1] ?? wanted)
      must(stage.ours ? code === wanted : code >= 400, `status ${code} where ${wanted} was due`)
      must(grown < 24 * mebibyte, `resident memory grew by ${(grown / mebibyte).toFixed(0)} MiB`)
    },
  })),
]

const memory = (stage: Stage): number => (stage.ours ? anonymousBytes(stage.pillion.pid) : 0)

const slow: ReadonlyArray<Case> = [
  {
    id: "H25h",
    clause: "RFC 9112 9.5, contract 4",
    name: "a head that drips is answered 408 at the deadline, which no byte extends",
    ours: true,
    async play(stage) {
      const { ports } = await stage.start({ flags: ["--handshake-timeout=500ms"] })
      const client = await stage.client(ports.out)
      const started = performance.now()
      client.send("GET http://h/")
      const drip = setInterval(() => client.send("x"), 20)
      try {
        await isRefused(stage, client, 408)
      } finally {
        clearInterval(drip)
      }
      must(performance.now() - started >= 450, "the deadline came early")
    },
  },
  {
    id: "H25i",
    clause: "RFC 9112 9.5, contract 4",
    name: "a client that says nothing is closed on at the deadline, without a word",
    ours: true,
    async play(stage) {
      const { ports } = await stage.start({ flags: ["--handshake-timeout=300ms", "--keep-alive-timeout=300ms"] })
      const silent = await stage.client(ports.out)
      const server = await stage.httpOrigin()
      const idle = await stage.client(ports.out)
      idle.send(get(server.authority))
      same("status", status(await readResponse(idle)), 200)
      for (const client of [silent, idle]) same("words", (await client.readToEnd()).toString("latin1"), "")
    },
  },
  {
    id: "H50",
    clause: "contract 4",
    name: "fifty clients that do not read cost less than 1 MiB each, and their origins are held back",
    ours: true,
    milliseconds: 20_000,
    async play(stage) {
      // More than the kernel's buffers hold on the way: some machines let one socket have 32 MiB (tcp_rmem).
      const body = Buffer.alloc(64 * mebibyte)
      const server = await stage.origin((peer) => {
        void peer.readUntil("\r\n\r\n").then(
          () => peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`).send(body),
          () => {},
        )
      })
      const before = memory(stage)
      for (let i = 0; i < 50; i++) {
        const client = await stage.client()
        client.pause()
        client.send(get(server.authority))
        await server.accepted()
      }
      // All of them are held back when nothing moves any more.
      const unsent = (): number => server.connections.reduce((sum, { socket }) => sum + socket.writableLength, 0)
      let last = -1
      const rest = async (): Promise<boolean> => {
        const now = server.connections.reduce((sum, { socket }) => sum + socket.bytesWritten, 0)
        const still = now === last
        last = now
        return still && server.connections.every(({ socket }) => socket.writableLength > 0)
      }
      await eventually(rest, true, "the rest of fifty origins", 15_000)
      // Chunks that have passed are garbage, which is collected some moments after everything has come to rest.
      const bounded = async (): Promise<boolean> => memory(stage) - before < 50 * mebibyte
      await eventually(bounded, true, "growth of less than 50 MiB", 10_000)
      must(unsent() > 0, "nobody was held back")
    },
  },
]

const denied: ReadonlyArray<Case> = [
  {
    id: "H29",
    clause: "contract 4, conformance T2",
    name: "link-local and metadata destinations are denied by address, by name and in disguise, and never dialled",
    ours: true,
    async play(stage) {
      const pillion = await stage.start({
        flags: ["--proxy-out-bind=0.0.0.0", "--resolve=metadata.test:80=169.254.169.254:80", "--dial-timeout=1s"],
      })
      const hosts = ["169.254.169.254", "metadata.test", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[fe80::1]"]
      for (const host of hosts) {
        const client = await stage.client(pillion.ports.out)
        client.send(get(host, "/latest/meta-data"))
        const response = await readResponse(client)
        same(
          host,
          [status(response), field(response, "Proxy-Status")],
          [403, "pillion; error=destination_ip_prohibited"],
        )
        client.end()
        const line = await pillion.lineOf(client)
        same(`${host} in the log`, [line["refusal"], line["address"]], ["destination-denied", undefined])
      }
    },
  },
  {
    id: "H51b",
    clause: "RFC 9209 2.3",
    name: "no route, no answer and no such name are told apart, each with its own status and Proxy-Status",
    ours: true,
    needs: ["namespace", "curl"],
    milliseconds: 20_000,
    async play(stage) {
      await using network = await makeNamespace(
        [
          "ip route add unreachable 10.1.0.0/16",
          "ip addr add 10.3.0.1/32 dev lo",
          // Routed to loopback, and nobody's address there: every SYN is dropped.
          "ip route add 10.3.0.0/16 dev lo src 10.3.0.1",
        ].join("; "),
      )
      await network.workload("nxdomain:53")
      await stage.start({ wrapper: network.enter, ownPorts: true, flags: ["--dial-timeout=500ms"] })
      const wanted = [
        ["10.1.0.1", 502, "destination_ip_unroutable"],
        ["10.9.0.1", 502, "destination_ip_unroutable"],
        ["10.3.0.2", 504, "connection_timeout"],
        ["missing.example", 502, "dns_error"],
      ] as const
      for (const [host, code, error] of wanted) {
        const { stdout } = await network.curl("--include", "--proxy", "127.0.0.1:4140", `http://${host}/`)
        must(stdout.startsWith(`HTTP/1.1 ${code} `), `${host}: ${stdout.slice(0, 60)}`)
        must(stdout.includes(`error=${error}`), `${host}: no ${error} in ${stdout}`)
      }
    },
  },
  {
    id: "H29b",
    clause: "contract 1",
    name: "inbound, whatever a request names, it goes to the workload and nowhere else",
    ours: true,
    async play(stage) {
      const other = await Recorder.open(stage)
      const workload = await Recorder.open(stage)
      const pillion = await stage.start({
        flags: ["--proxy-type=reverse", "--proxy-host=127.0.0.1", `--proxy-port=${workload.origin.port}`],
      })
      const client = await stage.client(pillion.ports.in)
      client.send(request("GET", other.authority, "/x"))
      same("status", status(await readResponse(client)), 200)
      must(workload.bytes.startsWith("GET /x HTTP/1.1\r\n"), "the workload was not asked")
      same("connections elsewhere", other.connections.length, 0)
    },
  },
]

export const limitCases: ReadonlyArray<Case> = [...large, ...slow, ...denied]
