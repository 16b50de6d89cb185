/** What a listener answers by path and method, without a listener. */
import { expect, test } from "bun:test"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"

import { type Guard, KeepOpen, makeHandler, query, route, text } from "../../src/admin/router.ts"

const routes = [
  route("GET", "/here", (request) => text(200, `here ${query(request, "q")}`)),
  route("POST", "/here", () => text(202, "done")),
  route("POST", "/act", () => text(202, "done")),
  route("GET", "/broken", () => {
    throw new Error("broken")
  }),
  HttpRouter.route("GET", "/long", () =>
    Effect.map(KeepOpen, (keepOpen) => {
      keepOpen()
      return text(200, "long")
    }),
  ),
]

const ask = async (path: string, init?: RequestInit, guard?: Guard): Promise<Response> => {
  const asking = Effect.flatMap(makeHandler(routes, guard), (answer) =>
    Effect.promise(() => answer(new Request(`http://localhost${path}`, init))),
  )
  return await Effect.runPromise(Effect.scoped(asking))
}

const told = async (answer: Promise<Response>): Promise<string> =>
  `${(await answer).status} ${await (await answer).text()}`

test("a path is answered by its method, with any query, and HEAD as GET without its body", async () => {
  expect(await told(ask("/here?q=a&q=b"))).toBe("200 here a\n")
  expect(await told(ask("/here"))).toBe("200 here undefined\n")
  expect(await told(ask("/here", { method: "POST" }))).toBe("202 done\n")
  expect(await told(ask("/here", { method: "HEAD" }))).toBe("200 ")
})

test("an unknown path is told the paths, each once; a path is taken letter by letter", async () => {
  for (const path of ["/", "/Here", "/here/", "//here", "/here/x", "/constructor", "/__proto__", "/%ff"]) {
    expect([path, await told(ask(path))]).toEqual([path, "404 no such path; there are /here /act /broken /long\n"])
  }
  expect(await told(ask("/%68ere"))).toBe("200 here undefined\n")
})

test("a method that a path has not is told those that it has", async () => {
  const refused = await ask("/here?q=1", { method: "DELETE" })
  expect(refused.headers.get("Allow")).toBe("GET, HEAD, POST")
  expect([refused.status, await refused.text()]).toEqual([405, "/here takes GET, HEAD, POST\n"])
  for (const method of ["OPTIONS", "PURGE"]) expect(await told(ask("/act", { method }))).toBe("405 /act takes POST\n")
})

test("a handler that breaks is a 500 with its error", async () => {
  expect(await told(ask("/broken"))).toBe("500 internal error: Error: broken\n")
})

const guard: Guard = ({ headers }) => (headers["x-pass"] === "yes" ? undefined : text(403, "no"))

test("a guard is asked first, for paths that are not there too", async () => {
  expect(await told(ask("/here", {}, guard))).toBe("403 no\n")
  expect(await told(ask("/nowhere", {}, guard))).toBe("403 no\n")
  expect(await told(ask("/here", { headers: { "X-Pass": "yes" } }, guard))).toBe("200 here undefined\n")
})

test("a route can ask for its connection to be kept open", async () => {
  let kept = 0
  const asking = Effect.flatMap(makeHandler(routes), (answer) => {
    const context = Context.make(KeepOpen, () => void kept++)
    return Effect.promise(() => answer(new Request("http://localhost/long"), context))
  })
  expect(await told(Effect.runPromise(Effect.scoped(asking)))).toBe("200 long\n")
  expect(kept).toBe(1)
})
