/** Hellos: what they say, in one record or several, and never before they are whole. */
import { expect, test } from "bun:test"

import { maxHelloBytes, readClientHello, readServerHello } from "../../../src/protocol/tls/hellos.ts"
import { ascii, join } from "../../support/bytes.ts"
import { clientHello, serverHello } from "../../support/hellos.ts"
import { fuzz } from "../../support/random.ts"

test("a client's versions and protocols, without those that nobody knows", () => {
  const hello = clientHello({ versions: [0x2a2a, 0x0304, 0x0303], protocols: ["\x0a\x0a", "h2", "http/1.1"] })
  expect(readClientHello(hello)).toEqual({ versions: ["1.3", "1.2"], protocols: ["h2", "http/1.1"] })
})

test("an old client offers the version of its hello", () => {
  expect(readClientHello(clientHello({ legacy: 0x0302 }))).toEqual({ versions: ["1.1"], protocols: [] })
})

test("a server's choice: hidden in an extension since TLS 1.3, with its protocol in the clear before", () => {
  expect(readServerHello(serverHello({ versions: [0x0304] }))).toEqual({
    version: "1.3",
    cipher: "TLS_AES_128_GCM_SHA256",
    protocol: undefined,
  })
  expect(readServerHello(serverHello({ cipher: 0xc030, protocols: ["h2"] }))).toEqual({
    version: "1.2",
    cipher: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    protocol: "h2",
  })
  expect(readServerHello(serverHello({ cipher: 0x002f, legacy: 0x7f12 }))).toMatchObject({
    version: undefined,
    cipher: "0x002f",
  })
})

test("what is not whole is partial, wherever it is cut, and whatever comes behind it changes nothing", () => {
  for (const recordBytes of [undefined, 1, 7]) {
    const hello = clientHello({
      versions: [0x0304],
      protocols: ["h2"],
      ...(recordBytes === undefined ? {} : { recordBytes }),
    })
    const whole = readClientHello(hello)
    expect(whole).toEqual({ versions: ["1.3"], protocols: ["h2"] })
    for (let end = 0; end < hello.length; end++)
      expect([end, readClientHello(hello.subarray(0, end))]).toEqual([end, "partial"])
    expect(readClientHello(join(hello, ascii("\x14\x03\x03\0\x01\x01")))).toEqual(whole!)
  }
})

test("what is no hello is none", () => {
  for (const words of [
    "GET / HTTP/1.1",
    "\x15\x03\x01\0\x02\x02\x28",
    "\x16\x02\x01\0\x01\x01",
    "\x16\x03\x01\0\x04\x0b\0\0\0",
  ]) {
    expect([words, readClientHello(ascii(words)), readServerHello(ascii(words))]).toEqual([words, undefined, undefined])
  }
  expect(readServerHello(clientHello())).toBeUndefined()
  // Longer than any hello is.
  const large = Uint8Array.from([22, 3, 1, 0, 4, 1, 0, (maxHelloBytes >> 8) & 0xff, 1])
  expect(readClientHello(large)).toBeUndefined()
})

test("no bytes whatever make it throw", () => {
  fuzz(300, (random) => {
    const noise = random.bytes(120)
    noise.set([22, 3, 1, 0, 100, random.pick([1, 2]), 0, 0, random.below(100)])
    for (const read of [readClientHello, readServerHello])
      expect(["object", "string", "undefined"]).toContain(typeof read(noise))
  })
})
