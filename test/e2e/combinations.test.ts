/** Every combination of type and protocol that cannot work is refused at start, in one line that says what to do. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { annotationsText, pillion } from "../support/pillion.ts"
import type { Output } from "../support/process.ts"

const allowed: Record<string, ReadonlyArray<string>> = {
  reverse: ["tcp", "http", "socks"],
  forward: ["http", "socks"],
  dual: ["http", "socks", "tcp:http", "tcp:socks"],
}
const protocols = ["tcp", "http", "socks", "tcp:http", "tcp:socks"]
const forbidden = Object.keys(allowed).flatMap((type) =>
  protocols.filter((protocol) => !allowed[type]?.includes(protocol)).map((protocol) => [type, protocol] as const),
)

/** 78, nothing on stdout, and one line that holds all of `words`. */
const isRefused = (output: Output, ...words: ReadonlyArray<string>): void => {
  expect(output).toMatchObject({ code: 78, stdout: "" })
  expect(output.stderr.trimEnd().split("\n").length).toBe(1)
  expect(output.stderr).toStartWith("pillion: ")
  for (const word of words) expect(output.stderr).toContain(word)
}

for (const [type, protocol] of forbidden) {
  test(`${type} with ${protocol} is refused, whatever it came from`, async () => {
    isRefused(
      await pillion(["run", "--proxy-type", type, "--proxy-protocol", protocol]),
      "proxy-protocol",
      protocol,
      "--proxy-protocol",
      "write",
    )
    isRefused(
      await pillion(["run"], { env: { PROXY_TYPE: type, PROXY_PROTOCOL: protocol } }),
      "proxy-protocol",
      "PROXY_PROTOCOL",
      "PROXY_TYPE",
    )
    const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
    try {
      const annotations = join(folder, "annotations")
      await Bun.write(annotations, annotationsText({ "proxy-type": type, "proxy-protocol": protocol }))
      isRefused(
        await pillion(["run", "--annotations-file", annotations]),
        "sidecar.speedscale.com/proxy-protocol",
        "sidecar.speedscale.com/proxy-type",
      )
      const config = join(folder, "config.yaml")
      await Bun.write(config, `proxy-type: ${type}\nproxy-protocol: "${protocol}"\n`)
      isRefused(await pillion(["run", "--config", config]), "proxy-protocol", config)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
}

test("transparent is known, is not there yet, and the inline types are named instead", async () => {
  isRefused(await pillion(["run"], { env: { PROXY_TYPE: "transparent" } }), "PROXY_TYPE", "reverse", "forward", "dual")
})

const wrongValues: ReadonlyArray<readonly [name: string, value: string]> = [
  ["proxy-type", "revers"],
  ["proxy-protocol", "sock"],
  ["proxy-port", "0"],
  ["proxy-port", "70000"],
  ["proxy-in-port", "80x"],
  ["drain-timeout", "soon"],
  ["proxy-strict", "yes"],
  ["proxy-host", ""],
]

for (const [name, value] of wrongValues) {
  test(`${name} ${JSON.stringify(value)} is refused by name and origin`, async () => {
    isRefused(await pillion(["run", `--${name}=${value}`]), name, `--${name}`)
  })
}

test("a workload that is the inbound port itself is refused", async () => {
  const output = await pillion(["run", "--proxy-type=reverse", "--proxy-in-port=14143", "--proxy-port=14143"])
  isRefused(output, "proxy-port", "14143")
})
