/** Every documented mode carries real traffic, whichever way it is configured. */
import { expect, test } from "bun:test"
import { openTunnel } from "../support/clients.ts"
import { readResponse } from "../support/http.ts"
import { greeter, httpOrigin, type HttpOrigin, ok } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { makeNamespace, type Namespace } from "../support/namespace.ts"
import { needs } from "../support/needs.ts"
import { type Options, type Pillion, startPillion } from "../support/pillion.ts"
import { curl, type Output } from "../support/process.ts"

/** Every way in which curl talks to a proxy; `%` is the proxy's host:port. */
const schemes: ReadonlyArray<readonly [name: string, ...flags: ReadonlyArray<string>]> = [
  ["plain HTTP", "--proxy", "http://%"],
  ["CONNECT", "--proxytunnel", "--proxy", "http://%"],
  ["CONNECT by HTTP/1.0", "--proxytunnel", "--proxy1.0", "%"],
  ["SOCKS4", "--socks4", "%"],
  ["SOCKS4a", "--socks4a", "%"],
  ["SOCKS5", "--socks5", "%"],
  ["SOCKS5 by name", "--socks5-hostname", "%"],
]
const through = (flags: ReadonlyArray<string>, port: number): ReadonlyArray<string> =>
  flags.map((flag) => flag.replace("%", `127.0.0.1:${port}`))

// ── the four examples of the document, to the letter ────────────────────────────────────────────────────────────────

interface Example {
  readonly name: string
  readonly annotations: Record<string, string>
  readonly inbound?: { readonly port: number; readonly workload: number; readonly speaks: "tcp" | "http" }
  readonly outbound?: number
}

const examples: ReadonlyArray<Example> = [
  {
    name: "a reverse (tcp) and forward (http) proxy that sends inbound requests to local port 8080",
    annotations: { inject: "true", "proxy-type": "dual", "proxy-protocol": "tcp:http", "proxy-port": "8080" },
    inbound: { port: 4143, workload: 8080, speaks: "tcp" },
    outbound: 4140,
  },
  {
    name: "an outbound forward (socks) proxy only",
    annotations: { inject: "true", "proxy-type": "forward", "proxy-protocol": "socks" },
    outbound: 4140,
  },
  {
    name: "an inbound reverse (http) proxy only that sends requests to local port 8888",
    annotations: { inject: "true", "proxy-type": "reverse", "proxy-protocol": "http", "proxy-port": "8888" },
    inbound: { port: 4143, workload: 8888, speaks: "http" },
  },
  {
    name: "a reverse (tcp) and forward (http) proxy on ports 10000 and 10001",
    annotations: {
      inject: "true",
      "proxy-type": "dual",
      "proxy-protocol": "tcp:http",
      "proxy-port": "8080",
      "proxy-in-port": "10000",
      "proxy-out-port": "10001",
    },
    inbound: { port: 10000, workload: 8080, speaks: "tcp" },
    outbound: 10001,
  },
]

for (const example of examples) {
  needs("namespace", "curl")(
    `example: ${example.name}`,
    async () => {
      await using network = await makeNamespace()
      await network.workload("http:8080", "http:8888", "http:9000", "greet:2525")
      await using _ = await startPillion({
        annotations: example.annotations,
        ownPorts: true,
        wrapper: network.enter,
      })
      await carriesInbound(network, example)
      await carriesOutbound(network, example)
    },
    30_000,
  )
}

const carriesInbound = async (network: Namespace, { inbound }: Example): Promise<void> => {
  if (inbound === undefined) return failsToConnect(await network.curl("http://127.0.0.1:4143/"))
  const { port, workload, speaks } = inbound
  expect(await network.curl(`http://127.0.0.1:${port}/plain`)).toEqual(
    done(`port ${workload}: GET /plain for 127.0.0.1:${port}`),
  )
  if (speaks === "tcp") return
  // Whatever destination a client names, inbound ends at the workload; the Host tells it which one was meant.
  for (const [, ...flags] of schemes) {
    const answer = await network.curl(...through(flags, port), "http://127.0.0.1:9000/named")
    expect(answer).toEqual(done(`port ${workload}: GET /named for 127.0.0.1:9000`))
  }
}

const carriesOutbound = async (network: Namespace, { outbound }: Example): Promise<void> => {
  if (outbound === undefined) return failsToConnect(await network.curl("http://127.0.0.1:4140/"))
  for (const [, ...flags] of schemes) {
    const answer = await network.curl(...through(flags, outbound), "http://127.0.0.1:9000/out")
    expect(answer).toEqual(done("port 9000: GET /out for 127.0.0.1:9000"))
  }
  for (const [name, ...flags] of schemes.filter(([name]) => name !== "plain HTTP")) {
    const greeted = await network.curl(...through(flags, outbound), "telnet://127.0.0.1:2525")
    expect([name, greeted.stdout]).toEqual([name, "220 port 2525 speaks first\r\n"])
  }
}

const done = (stdout: string): Output => ({ code: 0, stdout, stderr: "" })

/** curl's exit code 7: nobody listens. */
const failsToConnect = (output: Output): void => expect(output.code).toBe(7)

// ── every mode by every source ──────────────────────────────────────────────────────────────────────────────────────

interface Mode {
  readonly type: "reverse" | "forward" | "dual"
  readonly protocol: string
  readonly inbound?: "tcp" | "http" | "socks"
  readonly outbound?: "http" | "socks"
}

const modes: ReadonlyArray<Mode> = [
  { type: "reverse", protocol: "tcp", inbound: "tcp" },
  { type: "reverse", protocol: "http", inbound: "http" },
  { type: "reverse", protocol: "socks", inbound: "socks" },
  { type: "forward", protocol: "http", outbound: "http" },
  { type: "forward", protocol: "socks", outbound: "socks" },
  { type: "dual", protocol: "http", inbound: "http", outbound: "http" },
  { type: "dual", protocol: "socks", inbound: "socks", outbound: "socks" },
  { type: "dual", protocol: "tcp:http", inbound: "tcp", outbound: "http" },
  { type: "dual", protocol: "tcp:socks", inbound: "tcp", outbound: "socks" },
]

const sources: ReadonlyArray<readonly [name: string, options: (mode: Mode, workload: number) => Options]> = [
  [
    "flags",
    ({ type, protocol }, workload) => ({
      flags: [`--proxy-type=${type}`, `--proxy-protocol=${protocol}`, `--proxy-port=${workload}`],
    }),
  ],
  [
    "environment",
    ({ type, protocol }, workload) => ({
      env: { PROXY_TYPE: type, PROXY_PROTOCOL: protocol, REVERSE_PROXY_PORT: `${workload}` },
    }),
  ],
  [
    "annotations",
    ({ type, protocol }, workload) => ({
      annotations: { "proxy-type": type, "proxy-protocol": protocol, "proxy-port": `${workload}` },
    }),
  ],
]

for (const mode of modes) {
  for (const [name, options] of sources) {
    test(`${mode.type} ${mode.protocol} by ${name}`, async () => {
      using workload = await httpOrigin(() => ok("workload"))
      using elsewhere = await httpOrigin(() => ok("elsewhere"))
      await using pillion = await startPillion(options(mode, workload.port))
      expect([pillion.ports.in > 0, pillion.ports.out > 0]).toEqual([
        mode.inbound !== undefined,
        mode.outbound !== undefined,
      ])
      await reaches(mode.inbound, pillion.ports.in, elsewhere, "workload")
      await reaches(mode.outbound, pillion.ports.out, elsewhere, "elsewhere")
    })
  }
}

/** A client of a listener that names `elsewhere` as its destination gets its answer from where it should. */
const reaches = async (
  speaks: "tcp" | "http" | "socks" | undefined,
  port: number,
  elsewhere: HttpOrigin,
  from: string,
): Promise<void> => {
  if (speaks === undefined) return
  using client = speaks === "socks" ? await openTunnel("socks5", port, elsewhere.port) : await rawConnect(port)
  const form = speaks === "http" ? `http://${elsewhere.authority}/` : "/"
  client.send(`GET ${form} HTTP/1.1\r\nHost: ${elsewhere.authority}\r\n\r\n`)
  expect((await readResponse(client)).body).toBe(from)
}

// ── one port, every protocol; a server that speaks first ────────────────────────────────────────────────────────────

const startDual = (protocol: string, workload: number, ...flags: ReadonlyArray<string>): Promise<Pillion> =>
  startPillion({ flags: ["--proxy-type=dual", `--proxy-protocol=${protocol}`, `--proxy-port=${workload}`, ...flags] })

for (const protocol of ["http", "socks"]) {
  needs("curl")(
    `a ${protocol} listener takes every proxy protocol, inbound and outbound, and names it in the log`,
    async () => {
      using workload = await httpOrigin(() => ok("workload"))
      using elsewhere = await httpOrigin(() => ok("elsewhere"))
      await using pillion = await startDual(protocol, workload.port)
      for (const [name, ...flags] of schemes) {
        const url = `http://${elsewhere.authority}/${encodeURIComponent(name)}`
        expect([name, await curl(...through(flags, pillion.ports.in), url)]).toEqual([name, done("workload")])
        expect([name, await curl(...through(flags, pillion.ports.out), url)]).toEqual([name, done("elsewhere")])
      }
      for (const direction of ["inbound", "outbound"]) {
        for (const named of ["http", "connect", "socks4", "socks4a", "socks5"]) {
          const line = await pillion.waitForLog((each) => each["direction"] === direction && each["protocol"] === named)
          expect(line["authority"] ?? line["target"]).toBe(elsewhere.authority)
        }
      }
    },
    20_000,
  )
}

test("a server that speaks first is heard at once through an opaque listener", async () => {
  using workload = await greeter("220 ready\r\n")
  await using pillion = await startDual("tcp:http", workload.port)
  using client = await rawConnect(pillion.ports.in)
  await client.expect("220 ready\r\n")
  client.send("EHLO me\r\n")
  await client.expect("EHLO me\r\n")
})

test("an inbound http listener carries what is no proxy request verbatim, to the last byte", async () => {
  using workload = await httpOrigin((request) => ok(request.fields.map((field) => field.join(": ")).join("|")))
  await using pillion = await startDual("http", workload.port)
  using client = await rawConnect(pillion.ports.in)
  client.send("GET /x HTTP/1.1\r\nhost: a.example\r\nConnection: keep-alive, X-Hop\r\nX-Hop: kept\r\n\r\n")
  expect(await client.readUntil("kept")).toEndWith("host: a.example|Connection: keep-alive, X-Hop|X-Hop: kept")
})

needs("curl")("proxy-strict http refuses SOCKS in SOCKS, and proxy-strict socks refuses HTTP in HTTP", async () => {
  using elsewhere = await httpOrigin()
  await using http = await startDual("http", elsewhere.port, "--proxy-strict")
  using socks5 = await rawConnect(http.ports.out)
  socks5.send(Uint8Array.of(5, 1, 0))
  expect((await socks5.read(1))[0]).toBe(5)
  expect(await socks5.untilOver()).toBe("end")
  using socks4 = await rawConnect(http.ports.out)
  socks4.send(Uint8Array.of(4, 1, elsewhere.port >> 8, elsewhere.port & 255, 127, 0, 0, 1, 0))
  expect([...(await socks4.read(2))]).toEqual([0, 91])
  expect((await curl("--proxy", `127.0.0.1:${http.ports.out}`, `http://${elsewhere.authority}/`)).stdout).toBe("hello")

  await using socks = await startDual("socks", elsewhere.port, "--proxy-strict")
  using plain = await rawConnect(socks.ports.out)
  plain.send(`GET http://${elsewhere.authority}/ HTTP/1.1\r\nHost: h\r\n\r\n`)
  expect(await plain.readUntil("\r\n")).toStartWith("HTTP/1.1 403 ")
  expect((await curl("--socks4", `127.0.0.1:${socks.ports.out}`, `http://${elsewhere.authority}/`)).stdout).toBe(
    "hello",
  )
  expect(elsewhere.requests.length).toBe(2)
})
