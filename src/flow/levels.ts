/**
 * Levels: how important a log line is, and the formats that lines can have. Options offer them; the logs write them.
 */

/** From the least important up. */
export const logLevels = ["debug", "info", "warn", "error"] as const
export type LogLevel = (typeof logLevels)[number]

/** Formats of the log: one JSON object a line, or short for a person. */
export const lineFormats = ["json", "pretty"] as const
export type LineFormat = (typeof lineFormats)[number]

/** Formats of the access log. */
export const accessFormats = ["json", "istio-json", "clf", "logfmt", "pretty"] as const
export type AccessFormat = (typeof accessFormats)[number]
