/** Clients who ask for what they must not have, by every name that it goes by. */
import { expect } from "bun:test"
import type { Told } from "../support/ask-each.ts"
import { askEach, startGround } from "../support/fault-ground.ts"
import { makeNamespace, type Namespace } from "../support/namespace.ts"
import { needs } from "../support/needs.ts"
import { startPillion } from "../support/pillion.ts"

/**
 * Everything is here and would answer: what is refused is refused by policy alone. The firewall counts the packets that
 * arrive where nobody may go.
 */
const ground = [
  ...["169.254.169.254", "169.254.1.1", "100.100.100.200", "10.5.0.2", "10.5.0.9"].map(
    (address) => `ip addr add ${address}/32 dev lo`,
  ),
  "ip route add local 224.0.0.0/4 dev lo",
  ...["169.254.0.0/16", "100.100.100.200", "224.0.0.0/4", "10.5.0.9"].map(
    (block) => `iptables -A INPUT -d ${block} -j ACCEPT`,
  ),
].join("; ")

/** How many packets have arrived where nobody may go. */
const trespasses = async (network: Namespace): Promise<number> => {
  const { stdout } = await network.run("iptables", "-L", "INPUT", "-n", "-v", "-x")
  const counts = [...stdout.matchAll(/^ *(\d+) +\d+ ACCEPT/gm)].map(([, packets]) => Number(packets))
  expect(counts.length).toBe(4)
  return counts.reduce((sum, count) => sum + count, 0)
}

const start = async (network: Namespace, ...flags: ReadonlyArray<string>) => {
  await startGround(network)
  return await startPillion({
    wrapper: network.enter,
    ownPorts: true,
    flags: ["--proxy-type=dual", "--dial-timeout=2s", ...flags],
  })
}

/** Denied by policy: HTTP 403, REP 02, 91. */
const isDenied = ({ protocol, code }: Told): boolean =>
  code === (protocol === "socks5" ? 2 : /4/.test(protocol) ? 91 : 403)
/** No destination at all: HTTP 400, REP 01 or 04, 91. */
const isMalformed = ({ protocol, code }: Told): boolean =>
  protocol === "socks5" ? code === 1 || code === 4 : code === (/4/.test(protocol) ? 91 : 400)
/** The proxy itself: HTTP 502, REP 02, 91. */
const isLoop = ({ protocol, code }: Told): boolean =>
  code === (protocol === "socks5" ? 2 : /4/.test(protocol) ? 91 : 502)

/** Served by the one address that is allowed. */
const isGood = ({ protocol, code, says }: Told): boolean =>
  protocol === "http" ? code === 200 && says === "served by 10.5.0.2" : code === 0

const everyAnswer = async (
  network: Namespace,
  destinations: ReadonlyArray<string>,
  holds: (told: Told) => boolean,
): Promise<void> => {
  const answers = await askEach(network, destinations)
  for (const destination of destinations) {
    const told = answers.get(destination) ?? []
    expect([destination, told.length >= 4]).toEqual([destination, true])
    expect(told.filter((each) => !holds(each))).toEqual([])
  }
}

const metadata: ReadonlyArray<string> = [
  "169.254.169.254",
  "169.254.1.1",
  "100.100.100.200",
  "[::ffff:169.254.169.254]",
  "[::ffff:a9fe:a9fe]",
  "[64:ff9b::169.254.169.254]",
  "[64:ff9b::a9fe:a9fe]",
  "[2002:a9fe:a9fe::1]",
  "[fd00:ec2::254]",
  "[fe80::1]",
  "[ff02::1]",
  "224.0.0.1",
  "255.255.255.255",
  "169-254-169-254.at.test",
  "100-100-100-200.at.test",
]

const odd: ReadonlyArray<string> = [
  "169.254.43518",
  "0xa9fea9fe",
  "2852039166",
  "0251.0376.0251.0376",
  "169.254.169.254.",
  "[fe80::1%lo]",
]

needs("namespace", "iptables")(
  "metadata and link-local addresses are denied by every spelling, and no packet goes there",
  async () => {
    await using network = await makeNamespace(ground)
    await using _ = await start(network, "--proxy-out-bind=0.0.0.0")
    await everyAnswer(network, metadata, isDenied)
    await everyAnswer(network, odd, isMalformed)
    expect(await trespasses(network)).toBe(0)
  },
  30_000,
)

needs("namespace", "iptables")(
  "what deny-destinations names is denied by every spelling, whoever may connect; the rest of a name's addresses is tried",
  async () => {
    await using network = await makeNamespace(ground)
    await using _ = await start(network, "--deny-destinations=10.5.0.9/32,.secret.test")
    const spellings = ["10.5.0.9", "[::ffff:10.5.0.9]", "[64:ff9b::10.5.0.9]", "[2002:a05:9::]", "10-5-0-9.at.test"]
    await everyAnswer(network, [...spellings, "a.secret.test", "A.SECRET.TEST", "a.secret.test."], isDenied)
    await everyAnswer(network, ["10-5-0-9.10-5-0-2.at.test"], ({ code }) => code === 0 || code === 200)
    expect(await trespasses(network)).toBe(0)
  },
  30_000,
)

needs("namespace", "iptables")(
  "a name that means another address at every question is asked for once: what was judged is what is dialled",
  async () => {
    await using network = await makeNamespace(ground)
    await using _ = await start(network, "--proxy-out-bind=0.0.0.0")
    // Every second question is answered with the metadata address; each name is one question.
    const pair = "10-5-0-2.169-254-169-254"
    for (const name of [`${pair}.turn.test`, `${pair}.${pair}.turn.test`, `${pair}.${pair}.${pair}.turn.test`]) {
      const told = (await askEach(network, [name])).get(name) ?? []
      const outcomes = told.map((each) => (isGood(each) ? "served" : isDenied(each) ? "denied" : JSON.stringify(each)))
      expect(["served", "denied"]).toContain(outcomes[0]!)
      // All of them share one answer.
      expect(new Set(outcomes).size).toBe(1)
    }
    expect(await trespasses(network)).toBe(0)
  },
  30_000,
)

needs("namespace")(
  "none of its own listeners is dialled by any address of this machine, by any spelling or name",
  async () => {
    await using network = await makeNamespace("ip addr add 10.5.0.2/32 dev lo")
    await using pillion = await start(network, "--proxy-out-bind=::")
    const hosts = [
      "127.0.0.1",
      "127.1.2.3",
      "10.5.0.2",
      "0.0.0.0",
      "localhost",
      "a.localhost",
      "[::ffff:10.5.0.2]",
      "10-5-0-2.at.test",
    ]
    const { in: inbound, out, health } = pillion.ports
    const everywhere = [inbound, out, health].flatMap((port) => hosts.map((host) => `${host}:${port}`))
    const loopback = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127-0-0-1.at.test"]
    await everyAnswer(network, [...everywhere, ...loopback.map((host) => `${host}:${pillion.ports.admin}`)], isLoop)
    expect(await network.curl("http://127.0.0.1:4145/readyz")).toMatchObject({ code: 0 })
  },
  30_000,
)
