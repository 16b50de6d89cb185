import { expect, test } from "bun:test"

import { builtInRules, maxPlaces, parseRules, type ParseFilter } from "../../../src/capture/redact/rules.ts"

const parseFilter: ParseFilter<string> = (text) =>
  text.startsWith("host") ? (record) => record === text.slice("host = ".length) : "is not understood"

const parse = (value: unknown) => parseRules(value, parseFilter)

test("an empty file is the built-in rules", () => {
  expect(parse(null)).toEqual({ rules: builtInRules })
  expect([...builtInRules.shapes]).toEqual([
    "jwt",
    "private-key",
    "aws",
    "github",
    "gitlab",
    "slack",
    "stripe",
    "google",
    "card",
    "url",
  ])
})

test("the file of the documentation is understood", () => {
  const parsed = parse(
    Bun.YAML.parse(`
      hide: [response.json.$..email, request.headers.x-user, host = crm.example and response.json.$..name]
      shapes: { email: true, card: false }
      keep: [request.json.$.session_type]
      drop_bodies: "host = vault.example"
    `),
  )
  if (!("rules" in parsed)) throw new Error(parsed.problems.join())
  const { hide, keep, shapes, dropBodies } = parsed.rules
  expect(hide.map(({ place: { side, part } }) => `${side}.${part}`)).toEqual([
    "response.json",
    "request.headers",
    "response.json",
  ])
  expect(hide[0]?.concerns).toBeUndefined()
  expect([hide[2]?.concerns?.("crm.example"), hide[2]?.concerns?.("other")]).toEqual([true, false])
  expect(keep).toHaveLength(1)
  expect([shapes.has("email"), shapes.has("card"), shapes.has("jwt"), shapes.has("ip")]).toEqual([
    true,
    false,
    true,
    false,
  ])
  expect([dropBodies?.("vault.example"), dropBodies?.("other")]).toEqual([true, false])
})

test("all that is wrong is said at once, with its key", () => {
  expect(parse([])).toEqual({ problems: ["the rules must be a mapping of hide, shapes, keep and drop_bodies"] })
  expect(
    parse({
      hidden: [],
      hide: ["request.body", 7, "path ~ x and request.json.$.a"],
      keep: "request.json.$.a",
      shapes: { emails: true, card: "yes" },
      drop_bodies: "nonsense",
    }),
  ).toEqual({
    problems: [
      "hidden is no rule: write one of hide, shapes, keep, drop_bodies",
      'hide[0] "request.body" must begin with request. or response., a part, and a name or a path',
      "hide[1] must be a place",
      'hide[2] "path ~ x and request.json.$.a" has a filter that is not understood',
      `keep must be a list of at most ${maxPlaces} places`,
      "shapes.emails is no shape: write one of jwt, private-key, aws, github, gitlab, slack, stripe, google, card, url, email, telephone, iban, ip",
      "shapes.card must be true or false",
      'drop_bodies "nonsense" is not understood',
    ],
  })
  expect(parse({ shapes: [], drop_bodies: 1 })).toEqual({
    problems: ["shapes must be a mapping of shapes to true or false", "drop_bodies must be a filter"],
  })
})
