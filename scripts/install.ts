/**
 * Install: what every script of package.json begins with, so that each works in a fresh clone. Installs exactly what
 * bun.lock names; where that is there already it takes a few hundredths of a second, asks nobody, and says nothing.
 *
 * Imports nothing that would have to be installed first.
 */
import { install } from "./steps.ts"

await install()
