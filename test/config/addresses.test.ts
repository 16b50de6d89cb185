import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import { bindAddress, destinationRule, host, isUnspecified, resolveRule } from "../../src/config/addresses.ts"
import { type Kind, list } from "../../src/config/kind.ts"
import { type Address, parseAddress } from "../../src/protocol/address.ts"

const decoded = <A>(kind: Kind<A>, text: string): A => Result.getOrThrow(kind.decode(text))
const problem = <A>(kind: Kind<A>, text: string): string => Result.getOrThrow(Result.flip(kind.decode(text)))
const address = (text: string): Address => {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

describe("the workload's host", () => {
  test.each([
    ["localhost", "localhost"],
    ["app.default.svc", "app.default.svc"],
    ["10.0.0.1", "10.0.0.1"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["http://app", "app"],
    ["HTTP://app/", "app"],
    ["http://[::1]", "::1"],
  ])("%s is %s", (text, shown) => {
    expect(host.show(decoded(host, text))).toBe(shown)
  })

  test("https:// is refused with the reason: TLS to the workload is not spoken", () => {
    expect(problem(host, "https://app.example.com")).toContain("TLS")
    expect(problem(host, "HTTPS://app:443/")).toContain("write the host alone, and its plain port in proxy-port")
  })

  test.each(["app:8080", "http://app:8080", "http://app:8080/"])(
    "%s holds a port, which belongs in proxy-port",
    (text) => {
      expect(problem(host, text)).toBe('holds a port: write "app", and 8080 in proxy-port')
    },
  )

  test.each(["", "a b", "http://", "http://app/path", "http://u:p@app", "127.1", "0x7f.1", "fe80::1%eth0", "-", "ä"])(
    "%j is refused or a name that nothing rewrites",
    (text) => {
      const result = host.decode(text)
      if (Result.isSuccess(result)) expect(host.show(result.success)).toBe(text)
      else expect(result.failure).toBe("is no host: write a name or an address alone")
    },
  )

  test("a URL of another scheme is refused", () => {
    expect(problem(host, "ftp://app")).toBe("is a URL: write the host alone")
  })
})

describe("an address to listen on", () => {
  test("is a literal, with or without brackets, several with commas", () => {
    const binds = decoded(list(bindAddress), "127.0.0.1, [::1],10.0.0.1")
    expect(binds.map(({ text }) => text)).toEqual(["127.0.0.1", "::1", "10.0.0.1"])
    expect(decoded(list(bindAddress), "")).toEqual([])
  })

  test.each([
    ["localhost", "127.0.0.1,::1"],
    ["*", "::"],
    ["127.0.0.1:80", "without a port"],
    ["eth0", "for example 127.0.0.1"],
  ])("%s is refused with what to write instead", (text, hint) => {
    expect(problem(bindAddress, text)).toContain(hint)
  })
})

describe("a resolve rule", () => {
  test.each([
    ["db.local:5432=127.0.0.1:5433", "db.local:5432=127.0.0.1:5433"],
    ["DB.Local.:5432=[::1]:1", "db.local:5432=[::1]:1"],
    ["a:1 = 127.0.0.1:2", "a:1=127.0.0.1:2"],
  ])("%s is %s", (text, shown) => {
    expect(resolveRule.show(decoded(resolveRule, text))).toBe(shown)
    expect(decoded(resolveRule, shown)).toEqual(decoded(resolveRule, text))
  })

  test("keeps the name in lower case without its trailing dot, and both ports", () => {
    expect(decoded(resolveRule, "Db.:1=127.0.0.1:2")).toEqual({
      host: "db",
      port: 1,
      address: address("127.0.0.1"),
      toPort: 2,
    })
  })

  test.each([
    "",
    "a",
    "a:1",
    "a=127.0.0.1",
    "a:1=127.0.0.1",
    "a:1=127.0.0.1:2=x",
    "a:0=127.0.0.1:2",
    "a:1=127.0.0.1:65536",
  ])("%j is refused with an example", (text) => {
    expect(problem(resolveRule, text)).toContain("db.local:5432=127.0.0.1:5432")
  })

  test("has a name on the left and an address on the right", () => {
    expect(problem(resolveRule, "10.0.0.1:1=127.0.0.1:2")).toContain("on the left")
    expect(problem(resolveRule, "a:1=localhost:2")).toContain("on the right")
  })
})

describe("a destination", () => {
  test.each([
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["10.0.0.1", "10.0.0.1"],
    ["10.0.0.1/32", "10.0.0.1"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["fd00::/8", "fd00::/8"],
    ["::/0", "::/0"],
    ["[fd00::1]", "fd00::1"],
    ["2001:db8:8000::/33", "2001:db8:8000::/33"],
    ["Example.COM.", "example.com"],
    [".Example.com", ".example.com"],
    ["localhost", "localhost"],
  ])("%s is %s", (text, shown) => {
    expect(destinationRule.show(decoded(destinationRule, text))).toBe(shown)
    expect(decoded(destinationRule, shown)).toEqual(decoded(destinationRule, text))
  })

  test("that is a single address is the longest block", () => {
    expect(decoded(destinationRule, "::1")).toEqual({ _tag: "Block", network: address("::1"), prefix: 128 })
    expect(decoded(destinationRule, "10.0.0.1")).toEqual({ _tag: "Block", network: address("10.0.0.1"), prefix: 32 })
  })

  test.each([
    ["10.1.2.3/8", "write 10.0.0.0/8"],
    ["10.0.0.255/31", "write 10.0.0.254/31"],
    ["fd00::1/8", "write fd00::/8"],
    ["2001:db8:ffff::/33", "write 2001:db8:8000::/33"],
    ["10.0.0.0/33", "write 0 to 32"],
    ["fd00::/129", "write 0 to 128"],
    ["10.0.0.0/", "write 0 to 32"],
    ["10.0.0.0/-1", "write 0 to 32"],
    ["10.0.0/8", "10.0.0.0/8"],
    ["example.com/8", "10.0.0.0/8"],
    ["*", "0.0.0.0/0,::/0"],
    ["*.example.com", 'write ".example.com"'],
    ["example.com:80", 'write "example.com"'],
    ["[::1]:80", 'write "[::1]"'],
    ["a b", "for example 10.0.0.0/8 or .example.com"],
    ["127.1", "for example 10.0.0.0/8 or .example.com"],
  ])("%s is refused: %s", (text, hint) => {
    expect(problem(destinationRule, text)).toContain(hint)
  })

  test("that is wrong in a list is named alone", () => {
    expect(problem(list(destinationRule), "10.0.0.0/8, 10.1.2.3/8")).toBe(
      'holds "10.1.2.3/8", which is no block\'s first address: write 10.0.0.0/8',
    )
  })
})

test("unspecified is 0.0.0.0 and ::", () => {
  expect(["0.0.0.0", "::", "::1", "127.0.0.1"].map((text) => isUnspecified(address(text)))).toEqual([
    true,
    true,
    false,
    false,
  ])
})
