/** What clients write into names, paths and fields, in every format of the logs: bytes that are no text, and controls. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { rawConnect } from "../support/peer.ts"
import { startPillion } from "../support/pillion.ts"

/** By their Latin-1 characters. */
const requests = [
  "GET http://caf\xe9.test/\xff\xfe HTTP/1.1\r\nHost: caf\xe9.test\r\n\r\n",
  // U+2028, which ends a line for JavaScript, and a terminal's escape.
  "GET http://a.test/\xe2\x80\xa8x\x1b[31m HTTP/1.1\r\nHost: a.test\r\n\r\n",
  "CONNECT \xff\xfe.test:443 HTTP/1.1\r\nHost: x\r\n\r\n",
  "\x05\x01\x00\x05\x01\x00\x03\x08\xff\xfe\x1b[3\nab\x00\x50",
  "\x04\x01\x00\x50\x00\x00\x00\x01u\xff\x00h\xff\x1b.test\x00",
  'GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nUser-Agent: \xff\x1b]0;x\x07\r\nX-Request-Id: \xfe"\\\r\n\r\n',
  "\xff\xfe\x00garbage\r\n\r\n",
  "G\xe9T http://a.test/ HTTP/1.1\r\n\r\n",
  "GET http://a.test/?x=\xf0\x9f\x98\x80 HTTP/1.1\r\nHost: a.test\r\n\r\n",
].map((text) => Buffer.from(text, "latin1"))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pillion-text-"))
})
afterAll(() => rm(folder, { recursive: true }))

/** The lines of a file. Throws for bytes that are not UTF-8. */
const linesOf = async (path: string): Promise<ReadonlyArray<string>> => {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(await Bun.file(path).bytes())
  expect(text).toEndWith("\n")
  return text.slice(0, -1).split("\n")
}

for (const format of ["json", "istio-json", "clf", "logfmt", "pretty"]) {
  test(`${format}: every line is UTF-8 without control characters, whatever clients write`, async () => {
    const logFormat = format === "pretty" ? "pretty" : "json"
    const path = join(folder, format)
    {
      await using running = await startPillion({
        flags: [
          "--proxy-type=forward",
          "--log-level=debug",
          `--access-log-format=${format}`,
          `--log-format=${logFormat}`,
        ],
        // Files, for the bytes themselves: whoever reads lines from a pipe has decoded them.
        wrapper: ["sh", "-c", 'exec "$@" > "$0.out" 2> "$0.err"', path],
      })
      for (const request of requests) {
        using client = await rawConnect(running.ports.out)
        client.send(request)
        await client.readToEnd()
      }
      expect(await running.stop()).toBe(0)
    }
    const access = await linesOf(`${path}.out`)
    const talk = await linesOf(`${path}.err`)
    expect(access.length).toBeGreaterThanOrEqual(requests.length)
    for (const line of [...access, ...talk]) expect(line).not.toMatch(/\p{Cc}/u)
    if (format.endsWith("json")) for (const line of access) expect(JSON.parse(line)).toBeObject()
    if (logFormat === "json") for (const line of talk) expect(JSON.parse(line)).toBeObject()
  })
}
