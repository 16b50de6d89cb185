import { describe, expect, test } from "bun:test"

import { RequestReader, ResponseReader } from "../../../src/protocol/http/reader.ts"
import { Inbox } from "../../../src/protocol/inbox.ts"
import { ascii, cuts, singly } from "../../support/bytes.ts"
import { limits, requestReader, responseReader } from "../../support/messages.ts"

const request = "GET http://h/a HTTP/1.1\r\nHost: h\r\n\r\n"
const answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
const trailing = ["", "\r\n", "\n", "GET", "\0", request]

/** An inbox with these bytes in it. */
const holding = (text: string): Inbox => {
  const inbox = new Inbox()
  inbox.add(ascii(text))
  return inbox
}

/** What a reader says after each chunk, which stays when the next one comes. */
const says = <A>(chunks: Iterable<Uint8Array>, make: (inbox: Inbox) => () => A): ReadonlyArray<A> => {
  const inbox = new Inbox()
  const read = make(inbox)
  return Array.from(chunks, (chunk) => {
    inbox.add(chunk)
    const said = read()
    inbox.keep()
    return said
  })
}

const requests = (inbox: Inbox) => {
  const reader = requestReader(inbox)
  return () => {
    const read = reader.read()
    if (typeof read === "string") return read
    return "reason" in read ? read.reason : `${read.head.method} after ${read.skipped}, ends at ${read.end}`
  }
}

const answers = (inbox: Inbox) => {
  const reader = responseReader(inbox)
  return () => {
    const read = reader.read("GET")
    if (read === "partial") return read
    return "reason" in read ? read.reason : `${read.head.status}, ends at ${read.end}`
  }
}

describe("a reader of requests", () => {
  test("finds the head in every cut, as soon as it is whole, whatever follows", () => {
    for (const more of trailing) {
      for (const chunks of cuts(ascii(request + more))) {
        expect(says(chunks, requests).at(-1)).toBe(`GET after 0, ends at ${request.length}`)
      }
    }
    const said = says(singly(ascii(request)), requests)
    expect(said.indexOf(`GET after 0, ends at ${request.length}`)).toBe(request.length - 1)
  })

  test("tells nothing from a part, and takes empty lines for nothing", () => {
    expect(requests(new Inbox())()).toBe("nothing")
    expect(says(singly(ascii("\r\n\r\nGET")), requests)).toEqual([
      "partial",
      "nothing",
      "partial",
      "nothing",
      "partial",
      "partial",
      "partial",
    ])
    expect(requests(holding("\r\n\r\n"))()).toBe("nothing")
    expect(requests(holding(`\r\n\r\n${request}`))()).toBe(`GET after 4, ends at ${request.length}`)
  })

  test("consumes nothing, whatever it says", () => {
    for (const text of [request, "\r\nGET", "\r\n", "\n", `${request}more`, "GET /\r\n"]) {
      const inbox = holding(text)
      const first = requests(inbox)()
      expect(inbox.length).toBe(text.length)
      expect(requests(inbox)()).toBe(first)
    }
  })

  test("reads the next request when this one is consumed, and looks at its first byte", () => {
    const inbox = holding(request + request.replace("GET", "PUT"))
    const read = requests(inbox)
    expect(read()).toBe(`GET after 0, ends at ${request.length}`)
    inbox.consume(request.length)
    expect(read()).toBe(`PUT after 0, ends at ${request.length}`)
    inbox.consume(request.length)
    expect(read()).toBe("nothing")
    inbox.add(ascii("\nGET"))
    expect(read()).toBe("malformed-request")
  })

  test("searches no byte twice: a line end that was seen is not looked for again", () => {
    const inbox = holding("GET http://h/ HTTP/1.1\r\nX: yy")
    const read = requests(inbox)
    expect(read()).toBe("partial")
    inbox.keep()
    // What has been searched is changed behind its back.
    inbox.view().set(ascii("\n\n"), inbox.length - 2)
    inbox.add(ascii("y"))
    expect(read()).toBe("partial")
  })

  test("judges each head by the limits of its time", () => {
    let maxHeadFields = 1
    const inbox = holding("GET /a HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n")
    const reader = new RequestReader(inbox, () => ({ ...limits, maxHeadFields }), limits.pseudonym)
    expect(reader.read()).toMatchObject({ reason: "head-too-large" })
    maxHeadFields = 2
    expect(reader.read()).toMatchObject({ head: { method: "GET" } })
  })

  test("refuses a line end without CR at its first byte, and not before", () => {
    const said = says(singly(ascii("GET / HTTP/1.1\r\nHost: h\nX")), requests)
    expect(said.indexOf("malformed-request")).toBe("GET / HTTP/1.1\r\nHost: h".length)
  })
})

const answerTo = (method: string) =>
  responseReader(holding("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")).read(method)

describe("a reader of answers", () => {
  test("finds the head in every cut, as soon as it is whole, whatever follows", () => {
    for (const more of ["", "\r\n", "\n", "HTTP", "\0", answer]) {
      for (const chunks of cuts(ascii(answer + more))) {
        expect(says(chunks, answers).at(-1)).toBe(`200, ends at ${answer.length}`)
      }
    }
    expect(says(singly(ascii(answer)), answers).indexOf(`200, ends at ${answer.length}`)).toBe(answer.length - 1)
  })

  test("forgives no empty line, and no line end without CR", () => {
    expect(answers(holding(`\r\n${answer}`))()).toBe("response-malformed")
    expect(answers(holding("HTTP/1.1 200 OK\n"))()).toBe("response-malformed")
  })

  test("asks which method it was: an answer to HEAD has no body", () => {
    expect(answerTo("GET")).toMatchObject({ head: { bodyLength: 5 } })
    expect(answerTo("HEAD")).toMatchObject({ head: { bodyLength: 0 } })
  })

  test("reads the next answer when this one is consumed, and looks at its first byte", () => {
    const inbox = holding(answer + answer.replace("200", "404"))
    const read = answers(inbox)
    expect(read()).toBe(`200, ends at ${answer.length}`)
    inbox.consume(answer.length)
    expect(read()).toBe(`404, ends at ${answer.length}`)
    inbox.consume(answer.length)
    inbox.add(ascii("\nHTTP"))
    expect(read()).toBe("response-malformed")
  })

  test("takes a head of just the limit, and refuses one byte more as soon as it is there", () => {
    const small = { ...limits, maxHeadBytes: answer.length }
    const reader = (text: string) => new ResponseReader(holding(text), () => small, limits.pseudonym).read("GET")
    expect(reader(`${answer}body`)).toMatchObject({ head: { status: 200 } })
    expect(reader(answer.replace("OK", "OKAY"))).toMatchObject({ reason: "response-too-large" })
    expect(reader("x".repeat(answer.length))).toBe("partial")
    expect(reader("x".repeat(answer.length + 1))).toMatchObject({ reason: "response-too-large" })
  })
})
