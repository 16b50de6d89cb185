/** What is said, counted and shown of what the machine does not give. */
import { expect, test } from "bun:test"

import { deafWarningEvery, ShortfallLog } from "../../../src/observe/log/shortfall-log.ts"

const make = () => {
  const said: Array<string> = []
  const counted: Array<string> = []
  const clock = { now: 0 }
  const say = (level: string) => (message: string, fields?: object) =>
    void said.push(`${level} ${message.split(":")[0]} ${JSON.stringify(fields)}`)
  const shortfalls = new ShortfallLog(
    { info: say("info"), warn: say("warn"), error: say("error") },
    {
      fallback: (feature, reason) => void counted.push(`${feature} ${reason}`),
      acceptError: (code) => void counted.push(code),
      unwatched: (told) => void counted.push(`told ${told}`),
    },
    () => clock.now,
  )
  return { shortfalls, said, counted, clock }
}

test("a fallback is said and counted once, and marks its option", () => {
  const { shortfalls, said, counted } = make()
  const settings = [
    { option: "poll", value: true, origin: "default" },
    { option: "splice", value: true, origin: "default" },
  ]
  expect(shortfalls.mark(settings)).toEqual(settings)
  for (let i = 0; i < 2; i++) shortfalls.fellBack("splice", { reason: "denied", code: "EPERM" })
  expect(said).toEqual([
    'warn splice is not in use, though it is set {"option":"splice","reason":"denied","code":"EPERM"}',
  ])
  expect(counted).toEqual(["splice denied"])
  expect(shortfalls.mark(settings)).toEqual([
    settings[0]!,
    { ...settings[1]!, inForce: false, reason: "denied", code: "EPERM" },
  ])
})

test("a listener that cannot accept is counted each time, and said once until it can", () => {
  const { shortfalls, said, counted, clock } = make()
  for (const code of ["EMFILE", "EMFILE", "EUCLEAN"]) shortfalls.cannotAccept(1, code)
  shortfalls.cannotAccept(2, "EPERM")
  shortfalls.acceptsAgain(1)
  shortfalls.acceptsAgain(1)
  // Not again so soon.
  shortfalls.cannotAccept(1, "ENFILE")
  shortfalls.acceptsAgain(1)
  clock.now = deafWarningEvery
  shortfalls.cannotAccept(1, "EPERM")
  expect(said.map((line) => line.replace(/ connections.*? (?={)/, " "))).toEqual([
    'error {"port":1,"code":"EMFILE"}',
    'error {"port":2,"code":"EPERM"}',
    'info {"port":1}',
    'error {"port":1,"code":"EPERM"}',
  ])
  expect(counted).toEqual(["EMFILE", "EMFILE", "other", "EPERM", "ENFILE", "EPERM"])
})

test("sockets that epoll does not take are all counted, and said once", () => {
  const { shortfalls, said, counted } = make()
  for (const told of [true, true, false]) shortfalls.cannotWatch("ENOSPC", told)
  expect(said).toEqual([expect.stringMatching(/^error epoll takes no more sockets.*"code":"ENOSPC"/)])
  expect(counted).toEqual(["told true", "told true", "told false"])
})
