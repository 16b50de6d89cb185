/**
 * Status page: what a browser gets where everyone else gets JSON. One document that asks for nothing but the paths of
 * the admin listener; until somebody asks for it, it is a string in the executable and no more.
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

import { bundlePage } from "./bundle.ts" with { type: "macro" }
import type { AdminRequest, AdminResponse } from "./router.ts"

const page = bundlePage()

const headers = {
  "Content-Security-Policy": [
    "default-src 'none'",
    `script-src ${page.script}`,
    `style-src ${page.style}`,
    // The icon stands in the document.
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    // No site may lay the page under its own: it has a button that ends the proxy.
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Cache-Control": "no-store",
  Vary: "Accept",
}

/** Whether a browser asks to show something; fetch, curl and programs take anything, or JSON. */
export const wantsPage = ({ headers: { accept = "" } }: AdminRequest): boolean => accept.includes("text/html")

export const statusPage = (): AdminResponse =>
  HttpServerResponse.text(page.html, { contentType: "text/html; charset=utf-8", headers })
