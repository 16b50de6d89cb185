/**
 * Shape table: THE list of secrets that are known by how they look, whatever they are called. docs/redaction.md is made
 * from it.
 */
interface Shape {
  /** Whether it is looked for where nothing else is said. */
  readonly on: boolean
  /** For the documentation: what it is, and how it is known. */
  readonly what: string
  readonly known: string
}

const shape = (on: boolean, what: string, known: string): Shape => ({ on, what, known })

export const shapes = {
  jwt: shape(
    true,
    "JSON Web Token",
    "three parts in base64url, or five of an encrypted one; the first begins with `eyJ`",
  ),
  "private-key": shape(true, "Private key in PEM", "`-----BEGIN … PRIVATE KEY-----`, up to its end"),
  aws: shape(true, "AWS access key id", "its prefix"),
  github: shape(true, "GitHub token", "its prefix"),
  gitlab: shape(true, "GitLab token", "its prefix"),
  slack: shape(true, "Slack token", "its prefix"),
  stripe: shape(true, "Stripe key", "its prefix"),
  google: shape(true, "Google key, token or client secret", "its prefix"),
  card: shape(
    true,
    "Payment card number",
    "13 to 19 digits, in groups or not, with the right check digit; none begins with 0, 1, 7 or 9",
  ),
  url: shape(true, "User and password in a URL", "between `://` and `@`"),
  email: shape(false, "E-mail address", "a name, `@`, a domain with a point"),
  telephone: shape(false, "Telephone number", "`+` and 7 to 15 digits, or groups of 3, 3 and 4"),
  iban: shape(false, "IBAN", "two letters and a number with the right check digits"),
  ip: shape(false, "IP address", "version 4 in four numbers, version 6 in groups"),
} as const satisfies Record<string, Shape>

export type ShapeName = keyof typeof shapes

export const shapeNames = Object.keys(shapes).filter((name): name is ShapeName => Object.hasOwn(shapes, name))
