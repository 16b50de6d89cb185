/**
 * Fault-ground: what a network namespace that fails on purpose needs inside, and how its inhabitants are asked.
 *
 * Run by itself it is a name server on 127.0.0.1:53, whose names say what becomes of them, and on port 80 of every address a server that
 * says "served by ADDRESS"; it prints "ready".
 *
 *   silent.test               no answer ever
 *   missing.test              no such name
 *   empty.test                a name without addresses
 *   broken.test               SERVFAIL
 *   10-0-0-1.10-0-0-2.at.test these addresses, in this order
 *   10-0-0-1.10-0-0-2.turn.test  one of them, another at each question: a rebinding attack
 */
import { createSocket } from "node:dgram"
import { createServer } from "node:net"
import type { Told } from "./ask-each.ts"
import type { Namespace } from "./namespace.ts"

/** Starts both servers inside. */
export const startGround = (network: Namespace): Promise<void> =>
  network.start([...network.enter, process.execPath, import.meta.path])

/** What clients inside are told of these destinations by the proxy on port 4140, by destination. */
export const askEach = async (
  network: Namespace,
  destinations: ReadonlyArray<string>,
): Promise<ReadonlyMap<string, ReadonlyArray<Told>>> => {
  const script = `${import.meta.dir}/ask-each.ts`
  const { stdout, stderr } = await network.run(process.execPath, script, "4140", ...destinations)
  if (stderr !== "") throw new Error(stderr)
  const told: ReadonlyArray<Told> = JSON.parse(stdout)
  return Map.groupBy(told, ({ host }) => host)
}

/** RFC 1035 section 4.1.1: a response, recursion available, and a response code. */
const noError = 0x8180
const serverFailure = 0x8182
const noSuchName = 0x8183
const typeA = 1

/** The labels of the question, and where it ends. */
const questionOf = (message: Buffer): { readonly labels: ReadonlyArray<string>; readonly end: number } => {
  const labels: Array<string> = []
  let at = 12
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length))
    at += 1 + length
  }
  return { labels, end: at + 5 }
}

const answer = (message: Buffer, end: number, code: number, addresses: ReadonlyArray<string>): Buffer => {
  const head = Buffer.from(message.subarray(0, end))
  head.writeUInt16BE(code, 2)
  head.writeUInt16BE(addresses.length, 6)
  head.fill(0, 8, 12)
  // Each record: the name again (a pointer to the question), A, IN, a time to live of 0, four bytes.
  const records = addresses.map((each) =>
    Buffer.of(0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4, ...each.split("-").map(Number)),
  )
  return Buffer.concat([head, ...records])
}

let turn = 0

const reply = (message: Buffer): Buffer | undefined => {
  const { labels, end } = questionOf(message)
  const kind = labels.at(-2)
  const addresses = message.readUInt16BE(end - 4) === typeA ? labels.slice(0, -2) : []
  switch (kind) {
    case "silent":
      return undefined
    case "missing":
      return answer(message, end, noSuchName, [])
    case "broken":
      return answer(message, end, serverFailure, [])
    case "turn":
      return answer(message, end, noError, addresses.length === 0 ? [] : [addresses[turn++ % addresses.length]!])
    default:
      return answer(message, end, noError, kind === "at" ? addresses : [])
  }
}

const serve = async (): Promise<void> => {
  const names = createSocket("udp4")
  names.on("message", (message, from) => {
    const bytes = reply(message)
    if (bytes !== undefined) names.send(bytes, from.port, from.address)
  })
  await new Promise<void>((resolve) => names.bind(53, "127.0.0.1", resolve))

  const server = createServer((socket) => {
    socket.on("error", () => {})
    const body = `served by ${socket.localAddress}`
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(80, "0.0.0.0", resolve))
}

if (import.meta.main) {
  await serve()
  console.log("ready")
}
