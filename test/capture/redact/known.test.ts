/** Known secrets: what was secret somewhere in a record is so everywhere in it. */
import { describe, expect, test } from "bun:test"

import { maxKnownSecrets } from "../../../src/capture/redact/known.ts"
import type { Redactable } from "../../../src/capture/redact/redactable.ts"
import { builtInRules } from "../../../src/capture/redact/rules.ts"
import { type Content, digest, recordOf, redactorOf } from "../../support/redaction.ts"

const form = "application/x-www-form-urlencoded"
const token = (value: string): string => `tok_${digest(value).slice(0, 12)}`

/** What is left of an answer's text to a form with this password. */
const echoed = (password: string, text: string, type = "text/plain"): string | undefined =>
  redactorOf()(recordOf({ type: form, text: `user=me&password=${encodeURIComponent(password)}` }, { type, text }))
    .response.body?.text

test("a password of a form that the answer repeats as text", () => {
  expect(echoed("hunter2-hunter2", "user=me&password=hunter2-hunter2 is wrong")).toBe(
    `user=me&password=${token("hunter2-hunter2")} is wrong`,
  )
  expect(echoed("hunter2", "you wrote hunter2.")).toBe(`you wrote ${token("hunter2")}.`)
})

describe("it is found however it is written:", () => {
  const password = `p&"ss <w>örd 7`
  const ways: Readonly<Record<string, readonly [type: string, text: string]>> = {
    "as it is": ["text/plain", password],
    "in percents": ["text/plain", `a=${encodeURIComponent(password)}&b`],
    "as in a form": ["text/plain", encodeURIComponent(password).replaceAll("%20", "+")],
    "in a string of JSON": ["application/json", JSON.stringify({ echo: [`<${password}>`] })],
    "in XML": ["application/xml", "<a>p&amp;&quot;ss &lt;w&gt;örd 7</a>"],
  }
  test.each(Object.entries(ways))("%s", (_, [type, text]) => {
    const left = echoed(password, text, type)
    expect(left).toContain(token(password))
    expect(left).not.toContain("rd")
  })

  test("in bytes that are no text", () => {
    const base64 = Buffer.from(`\xff${Buffer.from(password).toString("latin1")}`, "latin1").toString("base64")
    const redacted = redactorOf()(
      recordOf({ type: form, text: `password=${encodeURIComponent(password)}` }, { base64 }),
    )
    expect(atob(redacted.response.body?.base64 ?? "")).toBe(`\xff${token(password)}`)
  })
})

describe("it may have been found", () => {
  const secret = "s3cret-value"
  const found: Readonly<Record<string, Content>> = {
    "in a header": { headers: [["X-Api-Key", secret]] },
    "behind a scheme": { headers: [["Authorization", `Bearer ${secret}`]] },
    "in the credentials of Basic": { headers: [["Authorization", `Basic ${btoa(`me:${secret}`)}`]] },
    "in a cookie that is called so": { headers: [["Cookie", `theme=dark; sid=${secret}`]] },
    "in a query": { target: `/?token=${secret}` },
    "before a host": { headers: [["X-Proxy", `http://me:${secret}@proxy`]] },
    "in JSON": { type: "application/json", text: `{"password":"${secret}"}` },
  }
  test.each(Object.entries(found))("%s", (_, request) => {
    const echo = { headers: [["X-Echo", `<${secret}>`]], type: "text/plain", text: `got ${secret}` } as const
    const { response, redacted } = redactorOf()(recordOf(request, echo))
    expect(response.headers).toEqual([["X-Echo", `<${token(secret)}>`]])
    expect(response.body?.text).toBe(`got ${token(secret)}`)
    expect(redacted?.filter(({ rule }) => rule === "known")).toEqual([
      { path: "response.headers.x-echo", rule: "known", token: token(secret) },
      { path: "response.body", rule: "known", token: token(secret) },
    ])
  })
})

describe("what means nothing elsewhere stays there:", () => {
  test.each(["1", "true", "12345", "abcdef", "a1-b", "password", "access_token", "api-key"])("%s", (password) => {
    const text = `{"n":1,"ok":true,"note":"12345 abcdef a1-b password access_token api-key"}`
    expect(echoed(password, text, "application/json")).toBe(text)
  })

  test("a part of a longer word", () => {
    expect(echoed("customer-1", "customer-12 customer-1 xcustomer-1")).toBe(
      `customer-12 ${token("customer-1")} xcustomer-1`,
    )
  })

  test("but not of what is long enough", () => {
    const long = "0123456789abcdefXY"
    expect(echoed(long, `x${long}y`)).toBe(`x${token(long)}y`)
  })

  test("a cookie of any name, and what stands below a name, unless it looks like nothing else", () => {
    const request: Content = {
      headers: [["Cookie", "theme=solarized; visitor=Zx81kq02mmPq77ab"]],
      type: "application/json",
      text: '{"credentials":{"region":"us-east-1a","key":"Qk29zz81LLpw0034"}}',
    }
    const text = "solarized us-east-1a Zx81kq02mmPq77ab Qk29zz81LLpw0034"
    expect(redactorOf()(recordOf(request, { type: "text/plain", text })).response.body?.text).toBe(
      `solarized us-east-1a ${token("Zx81kq02mmPq77ab")} ${token("Qk29zz81LLpw0034")}`,
    )
  })

  test("the user of a URL", () => {
    const request: Content = { headers: [["X-Db", "postgres://postgres:s3cret-value@postgres/shop"]] }
    const { response } = redactorOf()(recordOf(request, { type: "text/plain", text: "postgres s3cret-value" }))
    expect(response.body?.text).toBe(`postgres ${token("s3cret-value")}`)
  })
})

test("frames, the reason of a close, names of peers and the list itself", () => {
  const secret = "s3cret-value"
  const record: Redactable = {
    request: { line: { target: `/?token=${secret}` }, headers: [] },
    target: `${secret}.example:80`,
    authority: `${secret}.example`,
    sni: `${secret}.example`,
    error: `no ${secret}`,
    lost: `at ${secret}`,
    frames: [
      { from: "client", op: "text", text: `say ${secret}` },
      { from: "target", op: "binary", base64: btoa(`\0${secret}`) },
      { from: "target", op: "close", base64: btoa(`\x03\xe8{"token":"other-s3cret"}`) },
    ],
    close: { reason: '{"token":"other-s3cret"}' },
    first: { client: btoa(secret) },
    redacted: [{ path: `request.json.$.${secret}`, rule: "name", token: "tok_0123456789ab" }],
  }
  const redacted = redactorOf()(record)
  expect(JSON.stringify(redacted)).not.toContain("s3cret")
  for (const base64 of [
    ...(redacted.frames ?? []).flatMap(({ base64 }) => base64 ?? []),
    redacted.first?.client ?? "",
  ]) {
    expect(atob(base64)).not.toContain("s3cret")
  }
  expect(redacted.frames?.[0]?.text).toBe(`say ${token(secret)}`)
  expect(atob(redacted.frames?.[2]?.base64 ?? "")).toBe(`\x03\xe8{"token":"${token("other-s3cret")}"}`)
  expect(redacted.close?.reason).toBe(`{"token":"${token("other-s3cret")}"}`)
})

test("a frame that is cut has its last value hidden, and one that cannot be judged is left out", () => {
  const cut: Redactable = { frames: [{ from: "client", op: "text", text: '{"password":"s3cre', size: 30 }] }
  expect(redactorOf()(cut).frames?.[0]?.text).toBe(`{"password":"${token("s3cre")}`)
  const late: Redactable = { frames: [{ from: "client", op: "text", text: '{"a":1}', size: 7 }] }
  let now = 0
  const redactor = redactorOf(undefined, () => (now += 1000))
  expect(redactor(late).frames?.[0]).toEqual({ from: "client", op: "text", size: 7, omitted: "redaction" })
})

test("what stands for a value is the same everywhere", () => {
  const secret = "s3cret-value"
  const { response } = redactorOf()(
    recordOf(
      { target: `/?token=${secret}` },
      { type: "application/json", text: `{"token":"${secret}","echo":"${secret}"}` },
    ),
  )
  expect(response.body?.text).toBe(`{"token":"${token(secret)}","echo":"${token(secret)}"}`)
})

test("so many values are looked for and no more", () => {
  const values = Array.from({ length: maxKnownSecrets + 1 }, (_, i) => `s3cret-value-${i}`)
  const text = JSON.stringify(values.map((value) => ({ token: value })))
  const { response } = redactorOf()(
    recordOf({ type: "application/json", text }, { type: "text/plain", text: values.join(" ") }),
  )
  expect(response.body?.text?.split(" ").filter((each) => each.startsWith("s3cret"))).toEqual([values.at(-1)!])
})

/** A clock that goes on by so many milliseconds whenever it is asked. */
const ticking = (step: number) => {
  let now = 0
  return () => (now += step)
}

describe("where time is short:", () => {
  const secret = "s3cret-s3cret"

  test("a body that took all of it is gone, and nothing of the heads is", () => {
    const text = JSON.stringify(Array.from({ length: 10_000 }, (_, i) => i))
    const { request, response, redacted } = redactorOf(
      builtInRules,
      ticking(0.1),
    )(
      recordOf(
        { headers: [["Authorization", `Bearer ${secret}`]], target: "/a" },
        { headers: [["X-Echo", secret]], type: "application/json", text },
      ),
    )
    expect(request).toEqual({
      line: { method: "POST", target: "/a", version: "1.1" },
      headers: [["Authorization", `Bearer ${token(secret)}`]],
    })
    expect(response.headers).toEqual([["X-Echo", token(secret)]])
    expect(response.body).toEqual({ size: 1, type: "application/json", omitted: "redaction" })
    expect(redacted?.map(({ path, rule }) => [path, rule])).toEqual([
      ["request.headers.authorization", "bearer"],
      ["response.body", "error"],
      ["response.headers.x-echo", "known"],
    ])
  })

  test("a long text in which many values would be looked for for long is gone", () => {
    const target = `/?${Array.from({ length: 60 }, (_, i) => `token=s3cret-value-${i}`).join("&")}`
    const long = "lorem ".repeat(20_000)
    const content = {
      headers: [
        ["X-Long", long],
        ["X-Short", "a"],
      ],
      type: "text/plain",
      text: long,
    } as const
    const { response, redacted } = redactorOf(builtInRules, ticking(0.5))(recordOf({ target }, content))
    expect(response.headers).toEqual([])
    expect(response.body).toEqual({ size: 1, type: "", omitted: "redaction" })
    expect(redacted?.filter(({ rule }) => rule === "error").map(({ path }) => path)).toEqual([
      "response.headers",
      "response.headers",
      "response.body",
    ])
    const whole = redactorOf(builtInRules, ticking(0.05))(recordOf({ target }, content))
    expect(whole.response).toEqual(recordOf({}, content).response)
  })
})
