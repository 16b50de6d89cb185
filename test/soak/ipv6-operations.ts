/**
 * IPv6 operations: from ::1 to ::1, by address and by name. They are left out where the machine has no IPv6.
 */
import { rawConnect } from "../support/peer.ts"
import { type Entry, ipv6NameOf, namedPort, type Operation } from "./ground.ts"
import { answered, get } from "./http-operations.ts"
import { anyPiece, anyPlace, echoed, endsInOrder, receiveLong } from "./payload.ts"
import { onIpv6, openIpv6 } from "./tunnels.ts"

const tunnels = ["tcp", "connect", "socks5"] as const

const echo: Operation = async (ground, random) => {
  using peer = await openIpv6(random.pick(tunnels), "echo", ground, random)
  for (let rounds = 1 + random.below(3); rounds > 0; rounds--) await echoed(peer, anyPiece(random).bytes)
  await endsInOrder(peer.end())
  return undefined
}

const download: Operation = async (ground, random) => {
  using peer = await openIpv6(random.pick(["connect", "socks5"]), "source", ground, random)
  const [at, length] = [anyPlace(random), 2 ** 20 + random.below(2 ** 21)]
  peer.send(`${at} ${length}\n`)
  await receiveLong(peer, at, length)
  await endsInOrder(peer)
  return undefined
}

const http: Operation = async (ground, random) => {
  const { host, port } = onIpv6(ground, "http")
  using peer = await rawConnect(ground.out, host)
  for (let count = 1 + random.below(4); count > 0; count--) {
    const authority = random.below(2) === 0 ? `[${host}]:${port}` : `${ipv6NameOf("http")}:${namedPort}`
    const request = get(authority, random.pick(["/piece", "/chunked"]), anyPiece(random, 200_000))
    peer.send(request.text)
    await answered(peer, request)
  }
  await endsInOrder(peer.end())
  return undefined
}

export const ipv6Operations: Readonly<Record<string, Entry>> = {
  "IPv6, echo": { weight: 5, run: echo },
  "IPv6, download": { weight: 0.5, run: download },
  "IPv6, HTTP": { weight: 4, run: http },
}
