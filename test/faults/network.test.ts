/**
 * Networks that fail: whatever goes wrong between us and a destination, the client is told what it was, in its own
 * protocol, and no later than it had to be.
 */
import { expect, test } from "bun:test"
import { foundTtl } from "../../src/net/dial/resolution-cache.ts"
import { type Reason, refusals } from "../../src/protocol/refusal.ts"
import { askEach, startGround } from "../support/fault-ground.ts"
import { makeNamespace, type Namespace } from "../support/namespace.ts"
import { needs } from "../support/needs.ts"
import { startPillion } from "../support/pillion.ts"

/** Milliseconds. Ten percent of it must be more than what a busy machine costs. */
const deadline = 2000

const ground = [
  // Routes that fail by themselves; whatever has no route at all is the fifth kind.
  "ip route add unreachable 10.1.0.0/16",
  "ip route add prohibit 10.2.0.0/16",
  "ip route add blackhole 10.4.0.0/16",
  // Addresses of this machine, so that packets reach a firewall which deals with them.
  ...["10.5.0.1", "10.5.0.2", "10.5.0.3", "10.5.0.4", "10.6.0.1", "10.7.0.1", "10.8.0.1", "10.8.0.2", "10.8.0.3"].map(
    (address) => `ip addr add ${address}/32 dev lo`,
  ),
  ...(
    [
      ["10.5.0.1", "DROP"],
      ["10.5.0.3", "DROP"],
      ["10.6.0.1", "REJECT --reject-with icmp-host-unreachable"],
      ["10.7.0.1", "REJECT --reject-with icmp-net-unreachable"],
      ["10.8.0.1", "REJECT --reject-with tcp-reset"],
      ["10.8.0.2", "REJECT --reject-with icmp-admin-prohibited"],
      ["10.8.0.3", "REJECT --reject-with icmp-port-unreachable"],
    ] as const
  ).map(([address, what]) => `iptables -A INPUT -p tcp --dport 80 -d ${address} -j ${what}`),
].join("; ")

type When = "at once" | "at the deadline"

const faults: ReadonlyArray<readonly [what: string, host: string, reason: Reason, when: When]> = [
  ["a port where nobody listens", "127.0.0.1:1", "connection-refused", "at once"],
  ["a firewall that resets", "10.8.0.1", "connection-refused", "at once"],
  ["a firewall that says port unreachable", "10.8.0.3", "connection-refused", "at once"],
  ["a route of type unreachable", "10.1.0.1", "host-unreachable", "at once"],
  ["a router that says host unreachable", "10.6.0.1", "host-unreachable", "at once"],
  ["a router that says administratively prohibited", "10.8.0.2", "host-unreachable", "at once"],
  ["a router that says network unreachable", "10.7.0.1", "network-unreachable", "at once"],
  ["no route", "10.9.0.1", "network-unreachable", "at once"],
  ["a route of type blackhole", "10.4.0.1", "network-unreachable", "at once"],
  ["a route of type prohibit", "10.2.0.1", "dial-denied", "at once"],
  ["a SYN that is dropped", "10.5.0.1", "connection-timeout", "at the deadline"],
  ["a name that does not exist", "missing.test", "name-not-found", "at once"],
  ["a name without addresses", "empty.test", "name-not-found", "at once"],
  ["a name server that cannot", "broken.test", "name-not-found", "at once"],
  ["a name server that is silent", "silent.test", "name-timeout", "at the deadline"],
  ["a name whose two addresses refuse", "10-8-0-1.10-8-0-3.at.test", "connection-refused", "at once"],
  ["a name whose two addresses are silent", "10-5-0-1.10-5-0-3.at.test", "connection-timeout", "at the deadline"],
  [
    "a name of which one address is silent, one refuses",
    "10-5-0-1.10-8-0-1.at.test",
    "connection-refused",
    "at the deadline",
  ],
  [
    "a name of which one address has no route, one refuses",
    "10-9-0-1.10-8-0-1.at.test",
    "connection-refused",
    "at once",
  ],
]

/** Names that work, and after how long: an address that fails at once costs nothing, a silent one a quarter second. */
const works: ReadonlyArray<readonly [what: string, host: string, by: string, least: number]> = [
  ["a name with one address", "10-5-0-2.at.test", "10.5.0.2", 0],
  ["a silent first address with a good second", "10-5-0-1.10-5-0-2.at.test", "10.5.0.2", 250],
  ["two silent addresses with a good third", "10-5-0-1.10-5-0-3.10-5-0-2.at.test", "10.5.0.2", 500],
  ["a first address that refuses with a good second", "10-8-0-1.10-5-0-2.at.test", "10.5.0.2", 0],
  ["a first address without route with a good second", "10-9-0-1.10-5-0-2.at.test", "10.5.0.2", 0],
]

/** What the runtime's sockets know of too: where this machine itself has no way to go. */
const own: ReadonlySet<string> = new Set([
  "a port where nobody listens",
  "a route of type unreachable",
  "a route of type blackhole",
  "a route of type prohibit",
  "no route",
])

const start = async (network: Namespace, ...more: ReadonlyArray<string>) => {
  await startGround(network)
  const flags = ["--proxy-type=forward", `--dial-timeout=${deadline}ms`, ...more]
  return await startPillion({ wrapper: network.enter, ownPorts: true, flags })
}

needs("namespace", "iptables").each([
  ["--poll=true", faults],
  ["--poll=false", faults.filter(([what]) => own.has(what))],
] as const)(
  "each fault is told by its true name in every protocol, at once or at the dial deadline and no later; %s",
  async (flag, faults) => {
    await using network = await makeNamespace(ground)
    await using pillion = await start(network, flag)
    const told = await askEach(
      network,
      faults.map(([, host]) => host),
    )
    for (const [what, host, reason, when] of faults) {
      const answers = told.get(host) ?? []
      expect([what, answers.length]).toEqual([what, /[a-z]/.test(host) ? 4 : 5])
      const { status, proxyStatus, socks4, socks5 } = refusals[reason]
      for (const { protocol, code, says, milliseconds, over } of answers) {
        const wanted = protocol === "socks5" ? socks5 : protocol.startsWith("socks4") ? socks4 : status
        expect([what, protocol, code, over]).toEqual([what, protocol, wanted, "end"])
        if (protocol === "http") expect([what, says]).toEqual([what, proxyStatus])
        const [least, most] = when === "at once" ? [0, deadline / 2] : [deadline * 0.99, deadline * 1.1]
        if (milliseconds < least || milliseconds > most) throw new Error(`${what} (${protocol}): ${milliseconds} ms`)
      }
    }
    const asked = [...told.values()].flat().length
    await pillion.stdout.until(() => (pillion.log.length >= asked ? true : undefined), `${asked} lines`)
    for (const [what, host, reason] of faults) {
      const name = host.includes(":") ? host : `${host}:80`
      const lines = pillion.log.filter((line) => (line["authority"] ?? line["target"]) === name)
      expect([what, ...new Set(lines.map((line) => line["refusal"]))]).toEqual([what, reason])
    }
  },
  30_000,
)

needs("namespace", "iptables")(
  "a name with a good address among bad ones works, no later than the bad ones make it",
  async () => {
    await using network = await makeNamespace(ground)
    await using _ = await start(network)
    const told = await askEach(
      network,
      works.map(([, host]) => host),
    )
    for (const [what, host, by, least] of works) {
      for (const { protocol, code, says, milliseconds } of told.get(host) ?? []) {
        expect([what, protocol, code]).toEqual([what, protocol, protocol === "http" ? 200 : 0])
        if (protocol === "http") expect([what, says]).toEqual([what, `served by ${by}`])
        if (milliseconds < least || milliseconds > least + 500)
          throw new Error(`${what} (${protocol}): ${milliseconds} ms`)
      }
    }
  },
  30_000,
)

needs("namespace", "iptables")(
  "a name that has moved is found where it is now, though its old address is still remembered",
  async () => {
    await using network = await makeNamespace(ground)
    await using _ = await start(network)
    const host = "10-5-0-2.10-5-0-4.turn.test"
    const servedBy = async (address: string): Promise<void> => {
      const told = (await askEach(network, [host])).get(host) ?? []
      expect(told.length).toBe(4)
      for (const { protocol, code, says } of told) {
        expect([protocol, code]).toEqual([protocol, protocol === "http" ? 200 : 0])
        if (protocol === "http") expect(says).toBe(`served by ${address}`)
      }
    }
    const started = performance.now()
    await servedBy("10.5.0.2")
    const closing = "iptables -A INPUT -p tcp --dport 80 -d 10.5.0.2 -j REJECT --reject-with tcp-reset"
    await network.run(...closing.split(" "))
    await servedBy("10.5.0.4")
    expect(performance.now() - started).toBeLessThan(foundTtl)
  },
  30_000,
)

test("the refusals that faults have are all in the table above", () => {
  const dials: ReadonlyArray<Reason> = [
    "name-not-found",
    "name-timeout",
    "connection-refused",
    "connection-timeout",
    "network-unreachable",
    "host-unreachable",
    "dial-denied",
  ]
  expect(dials.filter((reason) => !faults.some(([, , each]) => each === reason))).toEqual([])
})
