/** Whether records are kept, asked for and changed over the admin listener. */
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"

import { controlRoutes } from "../../../src/admin/captures/control.ts"
import { makeHandler } from "../../../src/admin/router.ts"

/** A capture that can be switched. */
class World {
  keeps = false
  readonly turns: Array<boolean> = []

  async ask(init: RequestInit = {}, authorization = "Bearer t0ken"): Promise<readonly [status: number, body: string]> {
    const routes = controlRoutes({
      token: "t0ken",
      status: () => ({ keeps: this.keeps }),
      keep: (isOn) => {
        this.keeps = isOn
        this.turns.push(isOn)
      },
    })
    const asking = Effect.flatMap(makeHandler(routes), (answer) =>
      Effect.promise(async (): Promise<readonly [number, string]> => {
        const response = await answer(new Request("http://localhost/capture", { headers: { authorization }, ...init }))
        return [response.status, await response.text()]
      }),
    )
    return Effect.runPromise(Effect.scoped(asking))
  }
}

test("it says what is captured, and is switched by a word", async () => {
  const world = new World()
  expect(await world.ask()).toEqual([200, '{\n  "keeps": false\n}\n'])
  expect(await world.ask({ method: "PUT", body: " On\n" })).toEqual([200, '{\n  "keeps": true\n}\n'])
  expect(await world.ask({ method: "PUT", body: "off" })).toEqual([200, '{\n  "keeps": false\n}\n'])
  expect(world.turns).toEqual([true, false])
})

test("another word changes nothing", async () => {
  const world = new World()
  for (const body of ["", "onn", '"on"', "memory"]) {
    expect(await world.ask({ method: "PUT", body })).toEqual([400, "the body is on or off\n"])
  }
  expect(world.turns).toEqual([])
})

test("without the token nothing is shown or changed", async () => {
  const world = new World()
  expect((await world.ask({}, "Bearer other"))[0]).toBe(401)
  expect((await world.ask({ method: "PUT", body: "on" }, ""))[0]).toBe(401)
  expect(world.turns).toEqual([])
})
