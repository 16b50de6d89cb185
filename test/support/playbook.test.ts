/** Playbooks and scripted ends: that they fail where they have to, and say why. */
import { expect, test } from "bun:test"
import { after, forgetAll, nextDue } from "../../src/net/common/deadline.ts"
import { nobody } from "../../src/net/common/end.ts"
import { CountingEnd } from "./counting-end.ts"
import { bytesOf, holdTime, pass, play } from "./playbook.ts"
import { ScriptedEnd } from "./scripted-end.ts"
import { relay } from "./worlds.ts"

holdTime()

const failures: Readonly<Record<string, readonly [script: string, why: RegExp]>> = {
  "an effect that does not follow": ["client > hi\ntarget < hi\nclient < hi", /did not follow: client < hi/],
  "another effect": ["client > hi\ntarget < ho", /expected: target < ho\n.*happened: target < hi/],
  "an effect that nobody expects": ["client > hi", /this followed too: target < hi/],
  "an effect before the next deed": ["client > hi\nclient > ho\ntarget < hi", /this followed too/],
  "a state that is not so": ["client is paused", /is not so: client is paused/],
  "a word that is none": ["client dances", /did not follow: client dances/],
  "bytes behind a FIN": ["client finishes\ntarget gets FIN\nclient > more", /client can send no more/],
}

for (const name in failures) {
  const [script, why] = failures[name]!
  test(`a playbook fails for ${name}`, () => expect(() => play(relay(), script)).toThrow(why))
}

const leaves = () => {
  after(1000, { expire() {} })
  return relay()()
}

test("a playbook fails for a deadline that is left, and the next one does not", () => {
  expect(() => play(leaves, "")).toThrow(/a deadline is armed/)
  play(relay(), "")
})

test("three dots are anything, a number in braces so many x, two digits in brackets a byte", () => {
  play(relay(), "client > <05 00>{3}|end\ntarget < ...xxx|e...d")
  expect(() => play(relay(), "client > abc\ntarget < ab...bc")).toThrow(/expected/)
  expect(bytesOf("<05 0a>{3}|")).toBe("\u0005\nxxx\r\n")
})

test("a machine that writes behind FIN, or keeps a chunk, is found out", () => {
  const end = new ScriptedEnd("peer")
  let kept: Uint8Array | undefined
  end.receiver = { ...nobody, data: (_, chunk) => void (kept = chunk) }
  end.sends("abc")
  end.write(kept!)
  end.shutdown()
  end.write(Uint8Array.of(1))
  expect(end.wrongs).toEqual(["peer: a chunk was kept beyond its call", "peer: 1 bytes are written behind FIN"])
})

test("an end that counts finds out what went past it", () => {
  const below = new ScriptedEnd("peer")
  below.sends("unheard")
  const end = new CountingEnd(below)
  below.sends("abc")
  end.write(Uint8Array.of(1, 2, 3, 4))
  below.receiver = nobody
  below.sends("d")
  below.write(Uint8Array.of(5, 6))
  end.received += 1
  end.sent += 1
  expect([end.countedIn, end.countedOut]).toEqual([3, 4])
  below.receiver = end
  end.terminate()
  const moved = "peer: bytes were moved past an end without a descriptor"
  const counts = ["peer: 3 bytes were counted, and 4 came", "peer: 4 bytes were counted, and 6 went"]
  expect(below.wrongs).toEqual([moved, moved, ...counts])
})

test("the next deadline of all is known, until all are forgotten", () => {
  const fired: Array<number> = []
  const now = performance.now()
  after(3000, { expire: () => void fired.push(3) })
  after(1000, { expire: () => void fired.push(1) })
  after(2000, { expire: () => void fired.push(2) })
  expect(nextDue()).toBe(now + 1000)
  pass(1000)
  expect([fired, nextDue()]).toEqual([[1], now + 2000])
  forgetAll()
  pass(5000)
  expect([fired, nextDue()]).toEqual([[1], undefined])
})
