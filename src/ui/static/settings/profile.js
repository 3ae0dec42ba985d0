// @ts-check
// What belongs to the person and this browser: who one is, the password, keys, colours.

import { html, useEffect } from "../dom.js";
import { Problem, signOut } from "../api.js";
import { me } from "../state/me.js";
import { dialog, letterKeys, setLetterKeys, switchTheme, theme, toast } from "../state/session.js";
import { label as labelOf, problemText } from "../text/words.js";

/** @type {Record<string, string>} */
const THEMES = { auto: "As the system", light: "Light", dark: "Dark" };

export function Profile() {
  const now = me.value;
  useEffect(() => {
    document.title = "Profile · Ringdex";
    return () => {
      document.title = "Ringdex";
    };
  }, []);
  const everywhere = async () => {
    try {
      await signOut({ everywhere: true });
      location.replace("/sign-in?problem=out");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      toast(problemText(error), { bad: true });
    }
  };
  const rights = Object.entries(now?.permissions ?? {}).filter(([, has]) => has).map(([right]) => labelOf(right).toLowerCase());
  return html`<main class="page" data-test="profile"><section class="page-main" aria-label="Profile"><div class="page-head"><h1>Profile</h1></div><div class="scroll">
    <div class="part"><h2>${now?.user_name ?? "A token"}</h2><p class="quiet-text">${labelOf(now?.role ?? "")} of ${now?.organization}</p><p>You may: ${rights.join(", ")}.</p></div>
    ${now?.session ? html`<div class="part"><h2>Signing in</h2><p class="bulk-line"><button type="button" class="button" onClick=${() => (dialog.value = "password")}>Change password</button><button type="button" class="button" onClick=${everywhere}>Sign out everywhere</button></p></div>` : null}
    <div class="part"><h2>This browser</h2>
      <label class="check"><input type="checkbox" checked=${letterKeys.value} onChange=${(/** @type {any} */ event) => setLetterKeys(event.target.checked)} />Single letters act outside of text fields</label>
      <p class="bulk-line"><span>Colours: ${THEMES[theme.value]}</span><button type="button" class="button" onClick=${switchTheme}>Other colours</button></p>
      <p class="quiet-text">Dates and numbers are in ${now?.language ? `the language of the organisation (${now.language})` : "the language of the browser"}.</p></div>
  </div></section></main>`;
}
