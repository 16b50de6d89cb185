import { expect, test } from "bun:test"

import { curlOf, maxCurlArgument, minTokenLength } from "../../src/capture/curl.ts"
import type { HttpRecord } from "../../src/capture/record.ts"
import { fuzz } from "../support/random.ts"
import { binaryBody, charge, makeExchange, makeRequest, textBody } from "../support/capture-records.ts"

/** Takes the place of curl: prints each argument with its length, then what it is given to read. */
const fake = `curl() { for each; do printf '%s' "$each" | wc -c; printf '%s\\n' "$each"; done; case "$*" in *@-*) cat;; esac; }\n`
const shells = ["sh", "bash", "dash"].filter((shell) => Bun.which(shell) !== null)

interface Ran {
  readonly code: number
  readonly args: ReadonlyArray<string>
  /** What went through the pipe, as latin1. */
  readonly read: string
  readonly stderr: string
}

/** What a shell makes of a command; everything is latin1, a character a byte. */
const run = (shell: string, command: string, env: Record<string, string> = {}): Ran => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([shell], {
    stdin: Buffer.from(fake + command),
    env: { PATH: process.env["PATH"]!, ...env },
  })
  const args: Array<string> = []
  let rest = stdout.toString("latin1")
  for (let match = /^\s*(\d+)\n/.exec(rest); match !== null && isArgument(args); match = /^\s*(\d+)\n/.exec(rest)) {
    const start = match[0].length
    args.push(rest.slice(start, start + Number(match[1])))
    rest = rest.slice(start + Number(match[1]) + 1)
  }
  return { code: exitCode, args, read: rest, stderr: stderr.toString() }
}

/** `@-` is the last argument where there is something to read. */
const isArgument = (args: ReadonlyArray<string>): boolean => args.at(-1) !== "@-"

const post = (text: string, parts: Partial<HttpRecord> = {}) =>
  ({
    ...makeExchange({ request: makeRequest({ method: "POST", target: "/a", body: textBody(text) }) }),
    ...parts,
  }) as HttpRecord

const utf8 = (text: string): string => Buffer.from(text).toString("latin1")

test("the example of the documents", () => {
  expect(curlOf(charge)).toBe(
    [
      "# REDACTED_3 is the value that was redacted: request.json.$.card",
      "# TOK_4B1D9E77A0C2 is the value that was redacted: request.query.key",
      "# TOK_9F2C61D3B8AA is the value that was redacted: request.headers.authorization",
      `curl 'https://pay.example/v1/charges?key='"\${TOK_4B1D9E77A0C2:?was redacted}" \\`,
      `  -H 'Authorization: Bearer '"\${TOK_9F2C61D3B8AA:?was redacted}" \\`,
      "  -H 'Content-Type: application/json' \\",
      "  -H 'User-Agent:' \\",
      "  -H 'Accept:' \\",
      "  -H 'Expect:' \\",
      `  --data-raw '{"amount":2000,"card":"'"\${REDACTED_3:?was redacted}"'","ref":"o-881"}'`,
      "",
    ].join("\n"),
  )
})

test.each(shells)("%s: without its secrets a command fails with a name, and sends nothing", (shell) => {
  const { code, args, stderr } = run(shell, curlOf(charge))
  expect(code).not.toBe(0)
  expect(args).toEqual([])
  expect(stderr).toContain("TOK_4B1D9E77A0C2: was redacted")
  const piped = post(`${"a".repeat(maxCurlArgument)}tok_123456`, {
    redacted: [{ path: "request.body", rule: "name", token: "tok_123456" }],
  })
  const failed = run(shell, curlOf(piped))
  expect(failed.code).not.toBe(0)
  expect(failed.args).toEqual([])
  expect(run(shell, curlOf(piped), { TOK_123456: "it's" }).read).toBe(`${"a".repeat(maxCurlArgument)}it's`)
})

test.each(shells)("%s: with them, it sends the values, whatever they are", (shell) => {
  const secrets = { TOK_4B1D9E77A0C2: "k$HOME`x`", TOK_9F2C61D3B8AA: "a b  'c'\"", REDACTED_3: "*" }
  const { code, args } = run(shell, curlOf(charge), secrets)
  expect(code).toBe(0)
  expect(args).toEqual([
    "https://pay.example/v1/charges?key=k$HOME`x`",
    "-H",
    "Authorization: Bearer a b  'c'\"",
    "-H",
    "Content-Type: application/json",
    "-H",
    "User-Agent:",
    "-H",
    "Accept:",
    "-H",
    "Expect:",
    "--data-raw",
    '{"amount":2000,"card":"*","ref":"o-881"}',
  ])
})

const nasty = [
  "'",
  '"',
  "\\",
  "$(touch x)",
  "`id`",
  "!",
  "\n",
  "\t",
  " ",
  "*",
  "é",
  "ÿ",
  "#",
  "@file",
  "-o",
  "%s",
  "\\n",
  "~",
  ";",
  "&",
  "'\\''",
]

test.each(shells)("%s: every byte of a head and of a body arrives, and nothing is a command", (shell) => {
  fuzz(25, (random) => {
    const some = () => Array.from({ length: random.below(6) }, () => random.pick(nasty)).join("")
    const inLine = () => some().replaceAll(/[\n\t]/g, "")
    const [target, value, body] = [`/${inLine().replaceAll(/[ #]/g, "")}`, inLine().trim(), some()]
    const request = makeRequest({
      method: "PUT",
      target,
      headers: [
        ["X-A", value],
        ["x-b", ""],
      ],
      body: textBody(body),
    })
    const { code, args } = run(shell, curlOf(makeExchange({ request, target: "a.test:80" })))
    expect(code).toBe(0)
    expect(args).toContain(`http://a.test:80${target}`)
    expect(args).toContain(value === "" ? "X-A;" : `X-A: ${value}`)
    expect(args).toContain("x-b;")
    if (body === "") expect(args).not.toContain("--data-raw")
    else expect(args.slice(-2)).toEqual(["--data-raw", utf8(body)])
  })
})

test.each(shells)("%s: bytes, control characters and long bodies go through a pipe", (shell) => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  const request = makeRequest({ method: "POST", body: binaryBody(bytes) })
  const { code, args, read } = run(shell, curlOf(makeExchange({ request })))
  expect(code).toBe(0)
  expect(args.slice(-2)).toEqual(["--data-binary", "@-"])
  expect(read).toBe(Buffer.from(bytes).toString("latin1"))
  for (const body of ["a\0b", "a\r\nb\r\n", "\x1b[31m", `${"é'%s\\n".repeat(maxCurlArgument / 4)}\n`]) {
    expect(run(shell, curlOf(post(body))).read).toBe(utf8(body))
  }
})

const command = (parts: Parameters<typeof makeRequest>[0]) =>
  curlOf(makeExchange({ request: makeRequest(parts) })).split("\n")[0]

test("methods, versions and targets that curl has options for", () => {
  expect(command({})).toBe("curl 'http://shop.test/' \\")
  expect(command({ method: "HEAD" })).toBe("curl --head 'http://shop.test/' \\")
  expect(command({ method: "POST" })).toBe("curl -X 'POST' 'http://shop.test/' \\")
  expect(command({ method: "GET", body: textBody("a") })).toBe("curl -X 'GET' 'http://shop.test/' \\")
  expect(command({ version: "1.0" })).toBe("curl --http1.0 'http://shop.test/' \\")
  expect(command({ target: "/[a]/../b" })).toBe("curl --globoff --path-as-is 'http://shop.test/[a]/../b' \\")
  expect(command({ method: "OPTIONS", target: "*" })).toBe(
    "curl -X 'OPTIONS' --request-target '*' 'http://shop.test/' \\",
  )
})

test("headers stay in their order; those that curl makes again, and Host where it is the URL's, are left out", () => {
  const headers = [
    ["b", "1"],
    ["Content-Length", "1"],
    ["Content-Encoding", "gzip"],
    ["A", "2"],
    ["b", "3"],
    ["Accept-Encoding", "gzip"],
    ["accept", "*/*"],
    ["User-Agent", "x"],
    ["Content-Type", "a/b"],
    ["Expect", "100-continue"],
  ] as const
  const sent = (host: string, target: string) => {
    const body = { ...textBody("a"), coding: ["gzip"] as const }
    const text = curlOf(makeExchange({ request: makeRequest({ target, headers: [["Host", host], ...headers], body }) }))
    return [...text.matchAll(/-H '(.*?)'/g)].map((match) => match[1])
  }
  const rest = ["b: 1", "A: 2", "b: 3", "Accept-Encoding: gzip", "accept: */*", "User-Agent: x", "Content-Type: a/b"]
  expect(sent("shop.test", "/")).toEqual([...rest, "Expect: 100-continue"])
})

const notes = (record: HttpRecord) =>
  curlOf(record)
    .split("\n")
    .filter((line) => line.startsWith("# "))

test("what a reader must know stands before the command", () => {
  const body = textBody("a", "text/plain; charset=latin1")
  const request = makeRequest({
    headers: [["A b", "x"]],
    body: { ...body, size: 5000, truncated: true, coding: ["br"] },
  })
  expect(notes(makeExchange({ request }))).toEqual([
    "# the body was cut; it had 4.9 KiB",
    "# the body was sent as br, and is sent plain here",
    "# the body is sent as UTF-8, whatever charset its type names",
    "# a header that is none is left out",
  ])
  const omitted = { size: 5000, wire: 5000, type: "", omitted: "budget" } as const
  expect(notes(makeExchange({ request: makeRequest({ body: omitted }) }))).toEqual([
    "# the body of 4.9 KiB is not in the record: budget",
  ])
  expect(notes(post("tok_123456\r", { redacted: [{ path: "request.body", rule: "a", token: "tok_123456" }] }))).toEqual(
    ["# redacted values in the body are sent as their tokens"],
  )
})

test("a token that is short is no variable and is named; one of the response is neither", () => {
  const redacted = [
    { path: "request.json.$.pin", rule: "name", token: "1".repeat(minTokenLength - 1) },
    { path: "response.json.$.token", rule: "name", token: "tok_111111" },
  ]
  const record = post("11111 tok_111111", { redacted })
  expect(curlOf(record)).toContain("--data-raw '11111 tok_111111'")
  expect(notes(record)).toEqual(["# 11111 stands for the value that was redacted, and is sent: request.json.$.pin"])
})

const notesOf = (path: string) => notes(post("tok_123456\r", { redacted: [{ path, rule: "a", token: "tok_123456" }] }))

test("a body that goes through base64 says that its tokens are sent, and not for those of cookies", () => {
  expect(notesOf("request.cookies.sid")).toEqual([])
  expect(notesOf("request.form.pin")).toEqual(["# redacted values in the body are sent as their tokens"])
  for (const place of ["request.path", "request.target", "request.line"]) expect(notesOf(place)).toEqual([])
})

test("no field can bring a line, a file or an option", () => {
  const headers = [
    ["@file", "x"],
    ["A", "b\nC: d"],
    ["-o", "x"],
  ] as const
  const text = curlOf(makeExchange({ request: makeRequest({ headers }) }))
  expect(text).not.toContain("@file")
  expect(text).not.toContain("C: d")
  expect(text).toContain("-H '-o: x'")
})

test("no command steers the terminal that it is shown in", () => {
  const request = makeRequest({ method: "P\x1b[2J", target: "/\x1b]0;a\x07?\x9b1m" })
  const texts = ["a\x9bb", "a\u202eb", "a\u2066b"].map((text) => textBody(text, "text/plain"))
  for (const record of [
    makeExchange({ request }),
    ...texts.map((body) => makeExchange({ request: { ...request, body } })),
  ]) {
    expect(curlOf(record)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/)
  }
})
