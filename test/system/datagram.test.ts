import { describe, expect, test } from "bun:test"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Datagrams, encodeAddress, openDatagrams } from "../../src/system/datagram.ts"
import { needs } from "../support/needs.ts"
import { startReceiver } from "../support/receiver.ts"

const opened = (name: string): Datagrams => {
  const datagrams = openDatagrams(name)
  if (typeof datagrams === "string") throw new Error(datagrams)
  return datagrams
}

for (const kind of ["path", "abstract"] as const) {
  needs("python3")(`messages arrive whole and in order at a socket with ${kind} name`, async () => {
    await using receiver = await startReceiver(kind)
    const datagrams = opened(receiver.name)
    const long = "ü".repeat(4000)
    for (const message of ["one\ntwo", long, "end"]) expect(datagrams.send(message)).toBeUndefined()
    await receiver.message("end")
    expect(await receiver.message("two")).toEqual(["one", "two"])
    expect(receiver.heads()).toEqual(["one", long, "end"])
    datagrams.close()
  })
}

test("where nobody listens the answer says so, and nothing is thrown", () => {
  const absent = opened(join(tmpdir(), "pillion-nobody-listens-here"))
  expect(absent.send("x")).toBe("ENOENT")
  absent.close()
  const abstract = opened("@pillion-nobody-listens-here")
  expect(abstract.send("x")).toBe("ECONNREFUSED")
  abstract.close()
})

describe("an address", () => {
  test("is a path with a zero behind it, or an abstract name with a zero before it", () => {
    expect(Buffer.from(encodeAddress("/a") ?? []).toString("hex")).toBe("01002f6100")
    expect(Buffer.from(encodeAddress("@a") ?? []).toString("hex")).toBe("01000061")
  })

  test("is at most as long as sockaddr_un has room, and nothing else than a path or an abstract name", () => {
    expect(encodeAddress(`/${"a".repeat(106)}`)?.length).toBe(110)
    expect(encodeAddress(`@${"a".repeat(107)}`)?.length).toBe(110)
    const wrong = [`/${"a".repeat(107)}`, `@${"a".repeat(108)}`, "", "/", "@", "relative", "vsock:2:1", "/a\0b"]
    expect(wrong.filter((name) => encodeAddress(name) !== undefined)).toEqual([])
    expect(typeof openDatagrams("vsock:2:1")).toBe("string")
  })
})
