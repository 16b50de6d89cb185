/**
 * HTTP operations: what clients of the soak do in plain HTTP, kept alive and not, whole and cut short.
 */
import { field, readResponse, status } from "../support/http.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import type { Random } from "../support/random.ts"
import { closedPort, type Entry, type Ground, hosts, namedPort, nameOf, type Operation } from "./ground.ts"
import { anyPiece, echoed, endsInOrder, endsSomehow, type Piece } from "./payload.ts"

/** The authority of one of the HTTP servers, as an address or as a name. */
export const authority = (ground: Ground, random: Random): string => {
  const index = random.below(hosts.length)
  const place = ground.http[index]
  if (place === undefined) throw new Error(`no HTTP server ${index}`)
  return random.below(2) === 0 ? `${place.host}:${place.port}` : `${nameOf("http", index)}:${namedPort}`
}

interface Request {
  readonly text: string
  /** The body of its answer. */
  readonly wanted: Buffer
}

export const get = (
  at: string,
  path: string,
  { at: start, bytes }: Piece,
  ...fields: ReadonlyArray<string>
): Request => ({
  text: [`GET http://${at}${path}?at=${start}&length=${bytes.length} HTTP/1.1`, `Host: ${at}`, ...fields, "", ""].join(
    "\r\n",
  ),
  wanted: bytes,
})

const post = (at: string, { bytes }: Piece, chunked: boolean): Request => {
  const body = bytes.toString("latin1")
  const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes.length}`
  const head = `POST http://${at}/echo HTTP/1.1\r\nHost: ${at}\r\n${framing}\r\n\r\n`
  return { text: head + (chunked ? inChunks(body) : body), wanted: bytes }
}

const inChunks = (body: string): string => {
  let text = ""
  for (let at = 0, size = 1; at < body.length; at += size, size = Math.min(size * 5, 40_000)) {
    const chunk = body.slice(at, at + size)
    text += `${chunk.length.toString(16)};ignored=yes\r\n${chunk}\r\n`
  }
  return `${text}0\r\n\r\n`
}

const anyRequest = (ground: Ground, random: Random): Request => {
  const at = authority(ground, random)
  const piece = anyPiece(random, 200_000)
  switch (random.below(4)) {
    case 0:
      return post(at, piece, false)
    case 1:
      return post(at, piece, true)
    case 2:
      return get(at, "/chunked", piece)
    default:
      return get(at, "/piece", piece)
  }
}

/** The answer is the proxy's, and its body the one that was asked for. */
export const answered = async (peer: Peer, { wanted }: Request): Promise<void> => {
  const response = await readResponse(peer)
  if (status(response) !== 200) throw new Error(`answered with ${response.line}`)
  if (field(response, "Via") === undefined) throw new Error("the answer has no Via: it is not the proxy's")
  if (!Buffer.from(response.body, "latin1").equals(wanted))
    throw new Error("the body is not the one that was asked for")
}

/** Requests to several origins, and one to nobody, on one connection. */
const keptAlive: Operation = async (ground, random) => {
  using peer = await rawConnect(ground.out)
  for (let count = 2 + random.below(8); count > 0; count--) {
    const request = anyRequest(ground, random)
    peer.send(request.text)
    await answered(peer, request)
  }
  const nobody = `${random.pick(hosts)}:${closedPort}`
  peer.send(`GET http://${nobody}/ HTTP/1.1\r\nHost: ${nobody}\r\n\r\n`)
  const refused = await readResponse(peer)
  if (status(refused) !== 502) throw new Error(`a closed port was answered with ${refused.line}`)
  const last = anyRequest(ground, random)
  peer.send(last.text)
  await answered(peer, last)
  await endsInOrder(peer.end())
  return "connection-refused"
}

const fresh: Operation = async (ground, random) => {
  using peer = await rawConnect(ground.out)
  const request = get(authority(ground, random), "/piece", anyPiece(random), "Connection: close")
  peer.send(request.text)
  await answered(peer, request)
  await endsInOrder(peer)
  return undefined
}

const pipelined: Operation = async (ground, random) => {
  using peer = await rawConnect(ground.out)
  const requests = Array.from({ length: 2 + random.below(4) }, () => anyRequest(ground, random))
  peer.send(requests.map(({ text }) => text).join("")).end()
  for (const request of requests) await answered(peer, request)
  await endsInOrder(peer)
  return undefined
}

const untilClose: Operation = async (ground, random) => {
  using peer = await rawConnect(ground.out)
  const request = get(authority(ground, random), "/until-close", anyPiece(random))
  peer.send(request.text)
  await answered(peer, request)
  return undefined
}

/** An answer that is cut short must not look whole: fewer bytes than its length says, and then the end. */
const cutShort: Operation = async (ground, random) => {
  using peer = await rawConnect(ground.out)
  const path = random.pick(["/cut-by-fin", "/cut-by-reset"])
  const { text, wanted } = get(authority(ground, random), path, anyPiece(random))
  peer.send(text)
  await endsSomehow(peer)
  const answer = peer.pending.toString("latin1")
  const refused = answer.startsWith("HTTP/1.1 502 ")
  const body = answer.slice(answer.indexOf("\r\n\r\n") + 4)
  if (!refused && answer !== "" && answer.includes("\r\n\r\n") && !wanted.toString("latin1").startsWith(body)) {
    throw new Error("an answer that was cut short has bytes of another")
  }
  return refused ? "response-incomplete" : "answer cut short"
}

/** A request that is cut short, or whose client leaves while it is answered. */
const leavesMidRequest: Operation = async (ground, random) => {
  using peer = await rawConnect(ground.out)
  const { text } = anyRequest(ground, random)
  peer.send(text.slice(0, 1 + random.below(text.length)))
  if (random.below(2) === 0) await Bun.sleep(random.below(10))
  if (random.below(2) === 0) peer.reset()
  else await endsSomehow(peer.end())
  return undefined
}

const upgraded: Operation = async (ground, random) => {
  using peer = await rawConnect(ground.out)
  const early = anyPiece(random, 1400).bytes
  const { text } = get(authority(ground, random), "/upgrade", anyPiece(random), "Connection: upgrade", "Upgrade: soak")
  peer.send(text).send(early)
  const head = await peer.readUntil("\r\n\r\n", 15_000)
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`an upgrade was answered with ${head.split("\r\n")[0]}`)
  await peer.expect("first")
  await peer.expect(early)
  await echoed(peer, anyPiece(random).bytes)
  await endsInOrder(peer.end())
  return undefined
}

/** A connection that has nothing more to ask is closed at the keep-alive deadline, in order. */
const idles: Operation = async (ground, random) => {
  using peer = await rawConnect(ground.out)
  const request = anyRequest(ground, random)
  peer.send(request.text)
  await answered(peer, request)
  await endsInOrder(peer)
  return undefined
}

export const httpOperations: Readonly<Record<string, Entry>> = {
  "HTTP, kept alive": { weight: 10, run: keptAlive },
  "HTTP, new": { weight: 10, run: fresh },
  "HTTP, pipelined": { weight: 4, run: pipelined },
  "HTTP, to the close": { weight: 3, run: untilClose },
  "HTTP, answer cut short": { weight: 3, run: cutShort },
  "HTTP, client leaves": { weight: 3, run: leavesMidRequest },
  "HTTP, upgrade": { weight: 4, run: upgraded },
  "HTTP, idle": { weight: 0.5, run: idles },
}
