import { describe, expect, test } from "bun:test"
import type { DestinationRule } from "../../src/config/settings.ts"
import { localAddresses } from "../../src/system/local-addresses.ts"
import { makePolicy, type PolicyParts } from "../../src/proxy/policy.ts"
import { address, toName } from "../support/dialling.ts"

const blockOf = (text: string): DestinationRule => {
  const [network = "", prefix] = text.split("/")
  const parsed = address(network)
  return { _tag: "Block", network: parsed, prefix: prefix === undefined ? parsed.bytes.length * 8 : Number(prefix) }
}
const nameOf = (name: string): DestinationRule => ({ _tag: "Name", name })

interface Setup {
  readonly bind?: ReadonlyArray<string>
  readonly allow?: ReadonlyArray<DestinationRule>
  readonly deny?: ReadonlyArray<DestinationRule>
  /** Each as [address, port]. */
  readonly listening?: ReadonlyArray<readonly [string, number]>
}

const policyOf = ({ bind = [], allow = [], deny = [], listening = [] }: Setup) => {
  const parts: PolicyParts = {
    settings: () => ({ proxyOutBind: bind.map(address), allowDestinations: allow, denyDestinations: deny }),
    listening: () => listening.map(([text, port]) => ({ address: address(text), port })),
    localAddresses: () => new Set(["127.0.0.1", "::1", "10.1.2.3", "fd00::7"]),
  }
  return makePolicy(parts)
}

/** What the policy says about a destination that a client names: a reason, or "permitted". */
const judge = (setup: Setup, text: string, port = 80, name?: string): string => {
  const host = name === undefined ? undefined : toName(name, port).host
  return policyOf(setup).permitAddress(address(text), port, host)?.reason ?? "permitted"
}
const judgeName = (setup: Setup, name: string): string =>
  policyOf(setup).permitHost(toName(name, 80).host)?.reason ?? "permitted"

const offLoopback = { bind: ["127.0.0.1", "10.1.2.3"] }

describe("our own listeners", () => {
  test("are never dialled, at whatever address leads to them", () => {
    for (const [bound, dialled] of [
      ["127.0.0.1", "127.0.0.1"],
      ["127.0.0.1", "::ffff:127.0.0.1"],
      ["127.0.0.1", "0.0.0.0"],
      ["::1", "::1"],
      ["::1", "::"],
      ["10.1.2.3", "10.1.2.3"],
      ["0.0.0.0", "127.0.0.1"],
      ["0.0.0.0", "127.99.0.1"],
      ["0.0.0.0", "0.0.0.0"],
      ["0.0.0.0", "10.1.2.3"],
      ["::", "::"],
      ["::", "::1"],
      ["::", "fd00::7"],
      ["::", "127.0.0.1"],
      ["::", "127.99.0.1"],
      ["::", "0.0.0.0"],
      ["::", "10.1.2.3"],
    ] as const) {
      const listening = [
        ["10.1.2.3", 4140],
        [bound, 4143],
      ] as const
      expect([bound, dialled, judge({ listening }, dialled, 4143)]).toEqual([bound, dialled, "loop-detected"])
      expect(policyOf({ listening }).permitListener(address(dialled), 4143)?.reason).toBe("loop-detected")
    }
  })

  test("do not keep anybody from another port, or from the same port elsewhere", () => {
    for (const [bound, dialled, port] of [
      ["::", "127.0.0.1", 4144],
      ["::", "10.1.2.4", 4143],
      ["::", "fd00::8", 4143],
      ["127.0.0.1", "127.0.0.2", 4143],
      ["127.0.0.1", "::1", 4143],
      ["127.0.0.1", "10.1.2.3", 4143],
      ["0.0.0.0", "::1", 4143],
    ] as const) {
      const listening = [[bound, 4143]] as const
      expect([bound, dialled, judge({ listening }, dialled, port)]).toEqual([bound, dialled, "permitted"])
    }
  })

  test("cannot be allowed", () => {
    const setup = { listening: [["127.0.0.1", 4140]], allow: [blockOf("127.0.0.0/8")] } as const
    expect(judge(setup, "127.0.0.1", 4140)).toBe("loop-detected")
  })

  test("need no look at the interfaces while the port is another", () => {
    const policy = makePolicy({
      settings: () => ({ proxyOutBind: [], allowDestinations: [], denyDestinations: [] }),
      listening: () => [{ address: address("::"), port: 4143 }],
      localAddresses: () => expect.unreachable(),
    })
    expect(policy.permitAddress(address("10.9.9.9"), 80)).toBeUndefined()
  })
})

describe("destinations that are a matter of this machine", () => {
  const local = [
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "169.254.169.254",
    "169.254.0.1",
    "::ffff:169.254.169.254",
    "fe80::1",
    "febf::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "224.0.0.1",
    "239.255.255.255",
    "ff02::1",
    "255.255.255.255",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::169.254.169.254",
  ]
  const ordinary = ["10.0.0.1", "127.0.0.1", "::1", "192.168.1.1", "8.8.8.8", "fd00:ec2::255", "2001:db8::1", "fec0::1"]

  test("are denied while an outbound listener is bound off loopback", () => {
    for (const bind of [["10.1.2.3"], ["127.0.0.1", "::"], ["0.0.0.0"]]) {
      for (const text of local) expect([text, judge({ bind }, text)]).toEqual([text, "destination-denied"])
      for (const text of ordinary) expect([text, judge({ bind }, text)]).toEqual([text, "permitted"])
    }
  })

  test("are permitted while only this machine can ask", () => {
    for (const bind of [[], ["127.0.0.1"], ["127.0.0.1", "::1"]]) {
      for (const text of local) expect([text, judge({ bind }, text)]).toEqual([text, "permitted"])
    }
  })

  test("are permitted when allow-destinations has the address or the name that was asked for", () => {
    const metadata = "169.254.169.254"
    expect(judge({ ...offLoopback, allow: [blockOf("169.254.169.254")] }, metadata)).toBe("permitted")
    expect(judge({ ...offLoopback, allow: [blockOf("169.254.0.0/16")] }, "64:ff9b::a9fe:a9fe")).toBe("permitted")
    const named = { ...offLoopback, allow: [nameOf("metadata.google.internal")] }
    expect(judge(named, metadata, 80, "Metadata.Google.Internal.")).toBe("permitted")
    expect(judge(named, metadata, 80, "evil.test")).toBe("destination-denied")
    expect(judge(named, metadata)).toBe("destination-denied")
  })

  test("are no matter of the rule about our own listeners, which is all that holds where clients choose nothing", () => {
    const policy = policyOf({ ...offLoopback, deny: [blockOf("169.254.0.0/16")], listening: [["::", 80]] })
    expect(policy.permitListener(address("169.254.169.254"), 80)).toBeUndefined()
    expect(policy.permitListener(address("127.0.0.1"), 80)?.reason).toBe("loop-detected")
  })
})

describe("deny-destinations", () => {
  test("denies every address of a block, and no other", () => {
    const setup = { deny: [blockOf("10.0.0.0/8"), blockOf("fd00::/8"), blockOf("192.0.2.7")] }
    for (const text of ["10.0.0.0", "10.255.255.255", "fd12::1", "192.0.2.7", "64:ff9b::a00:1", "2002:a00:1::"]) {
      expect([text, judge(setup, text)]).toEqual([text, "destination-denied"])
    }
    for (const text of ["11.0.0.0", "fc00::1", "192.0.2.8", "127.0.0.1"]) {
      expect([text, judge(setup, text)]).toEqual([text, "permitted"])
    }
  })

  test("denies a name in any case and with a trailing dot, and those below it where the entry says so", () => {
    const setup = { deny: [nameOf("example.com"), nameOf(".corp.test")] }
    for (const name of ["example.com", "EXAMPLE.com.", "a.corp.test", "a.b.Corp.Test."]) {
      expect([name, judgeName(setup, name)]).toEqual([name, "destination-denied"])
    }
    for (const name of ["www.example.com", "notexample.com", "corp.test", "notcorp.test"]) {
      expect([name, judgeName(setup, name)]).toEqual([name, "permitted"])
    }
  })

  test("wins over allow-destinations", () => {
    const everything = [blockOf("0.0.0.0/0"), blockOf("::/0"), nameOf("app.test")]
    expect(judge({ deny: [blockOf("10.0.0.1")], allow: everything }, "10.0.0.1", 80, "app.test")).toBe(
      "destination-denied",
    )
    expect(judgeName({ deny: [nameOf("app.test")], allow: everything }, "app.test")).toBe("destination-denied")
  })

  test("says in its detail what was denied, and why", () => {
    const policy = policyOf({ deny: [blockOf("10.0.0.0/8"), nameOf("app.test")] })
    expect(policy.permitAddress(address("10.0.0.1"), 80)?.detail).toBe("10.0.0.1 is in deny-destinations")
    expect(policy.permitHost(toName("App.test", 80).host)?.detail).toBe("App.test is named by deny-destinations")
  })
})

test("allow-destinations is no exclusive list", () => {
  expect(judge({ ...offLoopback, allow: [blockOf("10.0.0.0/8")] }, "8.8.8.8")).toBe("permitted")
})

test("a name's verdict is about names alone: a host that is an address is judged when it is dialled", () => {
  const policy = policyOf({ deny: [blockOf("10.0.0.0/8")] })
  expect(policy.permitHost(address("10.0.0.1"))).toBeUndefined()
})

test("a change of the settings holds from the next connection on", () => {
  let deny: ReadonlyArray<DestinationRule> = []
  const policy = makePolicy({
    settings: () => ({ proxyOutBind: [], allowDestinations: [], denyDestinations: deny }),
    listening: () => [],
    localAddresses,
  })
  expect(policy.permitAddress(address("10.0.0.1"), 80)).toBeUndefined()
  deny = [blockOf("10.0.0.1")]
  expect(policy.permitAddress(address("10.0.0.1"), 80)?.reason).toBe("destination-denied")
})

test("this machine's addresses are known, in canonical form", () => {
  expect(localAddresses()).toContain("127.0.0.1")
  expect(localAddresses()).toBe(localAddresses())
})
