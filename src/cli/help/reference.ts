/**
 * Reference: the tables of the code as Markdown, for docs/reference.md.
 */
import { annotationDomain, environmentNames } from "../../config/option.ts"
import { exitCodes } from "../../config/exit-codes.ts"
import { optionKeys, options } from "../../config/options.ts"
import { annotationsWithoutEffect, environmentWithoutEffect } from "../../config/without-effect.ts"
import { refusals } from "../../protocol/refusal.ts"
import { commandNames, commands } from "../command-line/commands.ts"
import { markdownCode as code, markdownTable } from "./markdown.ts"

export const commandsMarkdown = (): string =>
  markdownTable(
    ["command", "what"],
    commandNames.map((name) => [code(`pillion ${commands[name].usage}`), commands[name].summary]),
  )

/** By name, for whoever finds one in a manifest. */
export const environmentMarkdown = (): string => {
  const rows = optionKeys.flatMap((key) =>
    environmentNames(options[key]).map((name) => [name, options[key].name, options[key].summary] as const),
  )
  return markdownTable(
    ["variable", "option", "meaning"],
    rows.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, option, summary]) => [code(name), code(option), summary]),
  )
}

export const annotationsMarkdown = (): string => {
  const rows = optionKeys.flatMap((key) => {
    const { annotation, name, summary } = options[key]
    return annotation === undefined ? [] : [[code(annotationDomain + annotation), code(name), summary]]
  })
  return markdownTable(["annotation", "option", "meaning"], rows)
}

/** The table of names that are documented elsewhere and have no effect here. */
export const withoutEffectMarkdown = (): string =>
  markdownTable(
    ["name", "why it has no effect"],
    [
      ...annotationsWithoutEffect.map(({ name, reason }) => [code(annotationDomain + name), reason]),
      ...environmentWithoutEffect.map(({ name, reason }) => [code(name), reason]),
    ],
  )

export const exitCodesMarkdown = (): string => markdownTable(["exit code", "meaning"], exitCodes)

export const refusalsMarkdown = (): string =>
  markdownTable(
    ["reason", "what happened", "HTTP", "Proxy-Status", "SOCKS5", "SOCKS4"],
    Object.entries(refusals).map(([reason, { text, status, proxyStatus, socks5, socks4 }]) => [
      code(reason),
      text,
      String(status),
      code(proxyStatus),
      String(socks5),
      String(socks4),
    ]),
  )
