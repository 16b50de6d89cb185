/**
 * Use place: follows the address, and changes it. A token that it brings is taken out before anything else sees it.
 */
import { useEffect, useRef, useState } from "preact/hooks"

import { type Go, hashOf, type Place, placeOf, takeToken } from "./model/place.ts"

/** The name that the token has in the tab's own storage, which no other origin and no other tab reads. */
const stored = "pillion-token"

/** Keeps the token that the address brings, and takes it out of the address: that is shown, kept and sent. */
export const takeTokenFromAddress = (): void => {
  const { token, rest } = takeToken(location.hash)
  if (token !== undefined) sessionStorage.setItem(stored, token)
  if (!/[#&]token=/.test(location.hash)) return
  history.replaceState(null, "", `${location.pathname}${location.search}${rest}`)
}

/** The token that this tab was given; undefined where it was given none. */
export const useToken = (): string | undefined => {
  const [token, setToken] = useState(readToken)
  useEffect(() => {
    const follow = (): void => {
      takeTokenFromAddress()
      setToken(readToken())
    }
    addEventListener("popstate", follow)
    return () => removeEventListener("popstate", follow)
  }, [])
  return token
}

const readToken = (): string | undefined => sessionStorage.getItem(stored) ?? undefined

/** The place that the address names, followed both ways. What changes it may be called at any time: it knows the place of then. */
export const usePlace = (): readonly [Place, Go] => {
  const [place, setPlace] = useState(() => placeOf(location.hash))
  const now = useRef(place)
  now.current = place
  useEffect(() => {
    const follow = (): void => setPlace(placeOf(location.hash))
    addEventListener("popstate", follow)
    return () => removeEventListener("popstate", follow)
  }, [])
  const [go] = useState((): Go => (change, how = "step") => {
    const next = { ...now.current, ...change }
    const [before, hash] = [hashOf(now.current), hashOf(next)]
    now.current = next
    setPlace(next)
    // The same address twice would be a step back that leads nowhere.
    if (hash === before) return
    const address = `${location.pathname}${location.search}${hash}`
    if (how === "step") history.pushState(null, "", address)
    else history.replaceState(null, "", address)
  })
  return [place, go]
}
