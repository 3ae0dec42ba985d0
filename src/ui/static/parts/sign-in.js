// @ts-check
// Asks for an access token when the server wants one. It is kept for this tab only.

import { html, useEffect, useRef, useState } from "../dom.js";
import { setToken, token } from "../api.js";
import { search, problem } from "../state/search.js";
import { needsToken } from "../state/session.js";
import { place } from "../state/url.js";

export function SignIn() {
  const [refused, setRefused] = useState(Boolean(token()));
  const [busy, setBusy] = useState(false);
  const box = useRef(/** @type {HTMLInputElement|null} */ (null));
  useEffect(() => box.current?.focus(), []);

  const signIn = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const value = box.current?.value.trim();
    if (!value || busy) return;
    setBusy(true);
    setToken(value);
    problem.value = null;
    needsToken.value = false;
    await search(place.value.q, { again: true });
    setRefused(needsToken.value);
    setBusy(false);
    if (needsToken.value) setToken(null);
  };
  return html`<main class="sign-in"><form onSubmit=${signIn} aria-label="Sign in" data-test="sign-in">
    <h1>Ringdex</h1>
    <label for="token">Access token</label>
    <input id="token" ref=${box} class="editor" type="password" autocomplete="off" spellcheck=${false}
      aria-invalid=${refused ? "true" : undefined} aria-describedby="token-about" />
    <p id="token-about" class=${refused ? "complaint" : "quiet-text"}>
      ${refused ? "This token is not valid, or not any more. Ask for a new one." : "Your administrator has it. It stays in this tab and goes when you close it."}
    </p>
    <button class="button main" disabled=${busy}>Sign in</button>
  </form></main>`;
}
