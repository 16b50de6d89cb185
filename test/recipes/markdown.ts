/** Markdown: the tables of docs/clients.md, made of the rows that the tests run, so that they say what was seen. */
import type { Row, Way } from "./row.ts"
import { rows } from "./rows.ts"
import versions from "./versions.json"

/** Rows that tell what a client does when it is told in its own way; the others are about something else. */
const own = (row: Row): boolean =>
  Object.keys(row.ways ?? {}).length > 0 && row.told.by !== "pillion run" && !ofDocument(row)

/** Not where another program forces it. */
const byItself = ({ scheme }: Row): boolean => !scheme.startsWith("proxychains4")

const ofDocument = ({ scheme }: Row): boolean => scheme.startsWith("document")

/** One line a client. */
export const clientsMarkdown = (): string => {
  const names = [...new Set(rows.map(({ client }) => client.name))]
  return markdown(
    [
      "client",
      "version",
      "`http://` URLs",
      "`https://` URLs, gRPC",
      "SOCKS",
      "127.0.0.1, if nothing is excepted",
      "trusts a CA by",
    ],
    names.map((name) => {
      const its = rows.filter(({ client }) => client.name === name)
      const ways = its
        .filter(own)
        .filter(byItself)
        .flatMap(({ ways }) => ways ?? [])
      const client = its[0]!.client
      return [
        name,
        (versions as Record<string, string>)[name] ?? "",
        byHttp(ways.map(({ http }) => http)),
        byHttp(ways.flatMap(({ https, other }) => [https, other])),
        socks(ways.flatMap(({ http, https, other }) => [http, https, other])),
        client.loopback ?? "",
        client.trust ?? "",
      ]
    }),
  )
}

/** One line for each way to tell a client of the proxy. */
export const waysMarkdown = (): string =>
  markdown(
    ["client", "told by", "`http://` URLs", "`https://` URLs", "anything else", "names looked up by"],
    rows
      .filter(own)
      .map(({ client, scheme, ways = {} }) => [
        client.name,
        scheme,
        words(ways.http),
        words(ways.https),
        words(ways.other),
        resolver(Object.values(ways)),
      ]),
  )

/** What becomes of each recipe of the document. */
export const documentMarkdown = (): string =>
  markdown(
    ["client", "recipe", "as written"],
    rows.filter(ofDocument).map(({ client, scheme, ways = {} }) => {
      const all: ReadonlyArray<Way> = Object.values(ways)
      const outcome = all.includes("fails") ? "**fails**" : all.includes("past") ? "**goes past the proxy**" : "works"
      return [client.name, scheme.replace(/^document(, )?/, "") || "as it stands", outcome]
    }),
  )

const words = (way: Way | undefined): string => {
  switch (way) {
    case undefined:
      return ""
    case "past":
      return "past the proxy"
    case "request":
    case "fails":
      return way
    case "CONNECT":
      return "CONNECT"
    case "SOCKS4 address":
      return "SOCKS4"
    case "SOCKS4a name":
      return "SOCKS4a"
    case "SOCKS5 address":
    case "SOCKS5 name":
      return "SOCKS5"
  }
}

/** Without the failures of a client that can do it in another way. */
const byHttp = (ways: ReadonlyArray<Way | undefined>): string => {
  const can = unique(ways.filter((way) => way === "request" || way === "CONNECT"))
  return can || unique(ways.filter((way) => way === "fails")) || "-"
}

const socks = (ways: ReadonlyArray<Way | undefined>): string =>
  unique(ways.filter((way) => way?.startsWith("SOCKS")).map((way) => words(way).slice("SOCKS".length))) || "-"

const unique = (texts: ReadonlyArray<string | undefined>): string => [...new Set(texts)].toSorted().join(", ")

const resolver = (ways: ReadonlyArray<Way>): string => {
  if (ways.some((way) => way.endsWith("address"))) return "the client"
  return ways.some((way) => way === "past" || way === "fails") ? "" : "Pillion"
}

const markdown = (head: ReadonlyArray<string>, body: ReadonlyArray<ReadonlyArray<string>>): string => {
  const cells = [head, head.map(() => "---"), ...body]
  return cells.map((row) => `| ${row.join(" | ")} |`).join("\n")
}
