import { describe, expect, test } from "bun:test"

import { makeConnect } from "../../../src/protocol/http/connect.ts"
import { maxRequestLineBytes } from "../../../src/protocol/http/request.ts"
import { refusal } from "../../../src/protocol/refusal.ts"
import { ascii, singly, toHex } from "../../support/bytes.ts"
import { limits } from "../../support/messages.ts"
import { fuzz } from "../../support/random.ts"
import { run, trickle } from "../../support/trickle.ts"

const make = (): ReturnType<typeof makeConnect> => makeConnect(limits)

/** What is sent for a refusal. */
const words = (reason: Parameters<typeof refusal>[0]): string => toHex(make().refused(refusal(reason, "")))

const expectDial = (head: string, target: string): void => {
  trickle(make, ascii(head), { protocol: "connect", end: `dial ${target}`, sent: "" })
}

const expectRefusal = (head: string, reason: Parameters<typeof refusal>[0]): void => {
  trickle(make, ascii(head), { protocol: "connect", end: `refuse ${reason}`, sent: words(reason) })
}

describe("CONNECT as real clients send it", () => {
  test.each([
    [
      "curl",
      "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\nUser-Agent: curl/8\r\nProxy-Connection: Keep-Alive\r\n\r\n",
      "h:443",
    ],
    ["without Host, in HTTP/1.0", "CONNECT h:443 HTTP/1.0\r\n\r\n", "h:443"],
    ["without a port, as grpc-go", "CONNECT h HTTP/1.1\r\nHost: h\r\n\r\n", "h:443"],
    ["with IPv6 in brackets", "CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", "[::1]:8443"],
    ["with IPv6 without brackets, as Ruby", "CONNECT ::1:8443 HTTP/1.1\r\nHost: ::1:8443\r\n\r\n", "[::1]:8443"],
    ["with credentials", "CONNECT h:1 HTTP/1.1\r\nHost: h\r\nProxy-Authorization: Basic eDp5\r\n\r\n", "h:1"],
    ["with a Host that differs", "CONNECT h:1 HTTP/1.1\r\nHost: other\r\n\r\n", "h:1"],
    ["behind an empty line", "\r\nCONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "h:1"],
    ["behind two empty lines", "\r\n\r\nCONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "h:1"],
  ])("%s is dialled in every cut, and what follows is the tunnel's", (_, head, target) => {
    expectDial(head, target)
  })
})

describe("CONNECT is refused", () => {
  test.each(["/", "http://h:1", "http://h/", "h:0", "h:99999", "h:", "u@h:1", "127.1:80", "[fe80::1%lo]:1", "*"])(
    "for %s, which is no host and port (RFC 9110 section 9.3.6)",
    (target) => {
      expectRefusal(`CONNECT ${target} HTTP/1.1\r\nHost: h\r\n\r\n`, "malformed-request")
    },
  )

  test.each([
    ["CONNECT h:1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", "malformed-request"],
    ["CONNECT h:1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "malformed-request"],
    ["CONNECT h:1 HTTP/1.1\r\n\r\n", "malformed-request"],
    ["CONNECT h:1 HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "malformed-request"],
    ["CONNECT h:1 HTTP/1.1\nHost: h\n\n", "malformed-request"],
    ["CONNECT h:1 HTTP/1.1\r\nHost: h\r\n A: b\r\n\r\n", "malformed-request"],
    ["CONNECT h:1\r\n\r\n", "malformed-request"],
    ["\r\n\r\n\r\nCONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "malformed-request"],
    ["CONNECT h:1 HTTP/2.0\r\nHost: h\r\n\r\n", "version-not-supported"],
    ["CONNECT h:1 HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", "expectation-failed"],
    [`CONNECT h:1 HTTP/1.1\r\nHost: h\r\nVia: 1.1 ${limits.pseudonym}\r\n\r\n`, "loop-detected"],
  ] as const)("%j: %s", (head, reason) => {
    expectRefusal(head, reason)
  })

  test("when it is another request: without a target it would be taken for one to the workload", () => {
    expectRefusal("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", "malformed-request")
    expectRefusal("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "malformed-request")
  })
})

const head = (length: number): Uint8Array => {
  const start = "CONNECT h:1 HTTP/1.1\r\nHost: h\r\nX: "
  return ascii(`${start.padEnd(length - 4, "x")}\r\n\r\n`)
}

describe("a head that does not end", () => {
  test("waits for more as long as it may still become one", () => {
    const head = "\r\nCONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"
    for (let length = 0; length < head.length; length++) {
      trickle(make, ascii(head.slice(0, length)), { protocol: "connect", end: "needs more", sent: "" })
    }
  })

  test.each([
    ["a request line", "CONNECT ", maxRequestLineBytes, "target-too-long"],
    ["a field", "CONNECT h:1 HTTP/1.1\r\nHost: h\r\nX: ", 64 * 1024, "head-too-large"],
  ] as const)("is refused one byte over the limit of %s", (_, start, limit, reason) => {
    const head = ascii(start.padEnd(limit + 1, "x"))
    expect(make().step(head.subarray(0, limit))._tag).toBe("NeedMore")
    expect(run(make(), [head]).end).toBe(`refuse ${reason}`)
    expect(run(make(), [head.subarray(0, limit), head.subarray(limit)]).end).toBe(`refuse ${reason}`)
  })

  test("may be as long as the limit when it is whole, and not a byte longer", () => {
    expect(run(make(), [head(64 * 1024)]).end).toBe("dial h:1")
    expect(run(make(), [head(64 * 1024 + 1)]).end).toBe("refuse head-too-large")
    expect(run(make(), [head(64 * 1024), ascii("tunnel")]).end).toBe("dial h:1")
  })
})

test("the client is told that the tunnel stands, and nothing of where it leads", () => {
  const told = Buffer.from(make().accepted({ address: undefined, port: 8080 })).toString("latin1")
  expect(told).toBe("HTTP/1.1 200 Connection Established\r\n\r\n")
})

test("the client is told in HTTP why there is no tunnel, and that the connection closes", () => {
  const told = Buffer.from(make().refused(refusal("name-not-found", "x"))).toString("latin1")
  expect(told).toStartWith(
    "HTTP/1.1 502 Bad Gateway\r\nProxy-Status: pillion; error=dns_error\r\nConnection: close\r\n",
  )
})

test("any bytes are a step, never a throw, and never more than was there", () => {
  fuzz(3000, (random) => {
    const pieces = ["CONNECT ", "h:1", " HTTP/1.1", "\r\n", "\r\n\r\n", "Host: h", "\n", "\0", "[::1]", ":", " "]
    const bytes = ascii(Array.from({ length: random.below(14) }, () => random.pick(pieces)).join(""))
    const whole = run(make(), [bytes])
    const single = run(make(), singly(bytes))
    expect(single.end).toBe(whole.end)
    expect(
      ["needs more", "dial h:1", "dial [::1]:443", "dial [::1]:1"].includes(whole.end) ||
        whole.end.startsWith("refuse "),
    ).toBe(true)
  })
})
