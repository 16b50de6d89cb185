import { describe, expect, test } from "bun:test"
import { type DestinationParts, type Destinations, makeDestinations } from "../../src/proxy/destination.ts"
import { address, toAddress, toName } from "../support/dialling.ts"

const denied: DestinationParts = {
  settings: () => ({
    proxyHost: { _tag: "Name", name: "app.test" },
    proxyPort: 8080,
    proxyOutBind: [],
    allowDestinations: [],
    denyDestinations: [
      { _tag: "Name", name: "app.test" },
      { _tag: "Block", network: address("10.0.0.0"), prefix: 8 },
    ],
  }),
  listening: () => [{ address: address("127.0.0.1"), port: 4143 }],
  localAddresses: () => new Set(["127.0.0.1"]),
}
const { inbound, outbound }: Destinations = makeDestinations(denied)
const workload = toName("app.test", 8080)

describe("inbound, to the workload", () => {
  test("goes there whatever the client names, or names nothing, by one and the same target", () => {
    for (const asked of [undefined, toName("evil.test", 22), toAddress("10.0.0.1", 80)]) {
      expect(inbound.resolve(asked)).toEqual(workload)
      expect(inbound.resolve(asked)).toBe(inbound.target)
    }
  })

  test("is no matter of the lists, by name or by address: its client has chosen nothing", () => {
    expect(inbound.permit(workload)).toBeUndefined()
    expect(inbound.permitAddress(address("10.0.0.1"), 8080, workload.host)).toBeUndefined()
  })

  test("is never a listener of our own", () => {
    const refused = inbound.permitAddress(address("127.0.0.1"), 4143, workload.host)
    expect(refused?.reason).toBe("loop-detected")
    expect(refused?.detail).toBe("127.0.0.1 port 4143 is a listener of pillion")
  })
})

describe("outbound, where the client says", () => {
  test("goes to that very target", () => {
    const asked = toName("a.test", 80)
    expect(outbound.resolve(asked)).toBe(asked)
  })

  test("goes nowhere without one, least of all to the workload", () => {
    expect(outbound.resolve(undefined)).toEqual({
      reason: "origin-form-request",
      detail: "origin-form on a forward proxy",
    })
  })

  test("is judged by the lists: a name before it is resolved, an address before it is dialled", () => {
    expect(outbound.permit(toName("App.Test.", 443))?.reason).toBe("destination-denied")
    expect(outbound.permit(toName("other.test", 443))).toBeUndefined()
    const { host } = toName("other.test", 443)
    expect(outbound.permitAddress(address("10.9.9.9"), 443, host)?.reason).toBe("destination-denied")
    expect(outbound.permitAddress(address("192.0.2.1"), 443, host)).toBeUndefined()
  })

  test("an address is judged when it is dialled, and not before", () => {
    const target = toAddress("10.0.0.1", 80)
    expect(outbound.permit(target)).toBeUndefined()
    expect(outbound.permitAddress(address("10.0.0.1"), 80, target.host)?.reason).toBe("destination-denied")
  })

  test("is never a listener of our own", () => {
    const { host } = toName("localhost", 4143)
    expect(outbound.permitAddress(address("127.0.0.1"), 4143, host)?.reason).toBe("loop-detected")
  })
})
