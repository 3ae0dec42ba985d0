// @ts-check
// Who is signed in, and what only they can do: change the password and leave.

import { html, useEffect, useRef, useState } from "../dom.js";
import { Problem, setToken, signOut, token } from "../api.js";
import { dropTokenDrafts } from "../state/drafts.js";
import { me } from "../state/me.js";
import { dialog, toast } from "../state/session.js";
import { label, problemText } from "../text/words.js";
import { Icon } from "./icons.js";
import { t } from "../text/say.js";

export function UserMenu() {
  const [open, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    if (!open) return undefined;
    const away = (/** @type {Event} */ event) => {
      if (!box.current?.contains(/** @type {Node|null} */ (event.target))) setOpen(false);
    };
    addEventListener("pointerdown", away);
    addEventListener("focusin", away);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("focusin", away);
    };
  }, [open]);
  const now = me.value;
  // In a demonstration nobody is signed in, and nobody can be.
  if (!now || (!now.session && !token())) return null;
  const name = now.user_name ?? t("Token");
  const leave = (/** @type {boolean} */ everywhere) => async () => {
    try {
      if (now.session) await signOut({ everywhere });
      dropTokenDrafts();
      setToken(null);
      // The whole page anew, so that nothing of this person is left in it.
      location.replace("/sign-in?problem=out");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      toast(problemText(error), { bad: true });
    }
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !open) return;
    setOpen(false);
    box.current?.querySelector("button")?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="user" ref=${box} onKeyDown=${onKeyDown} data-test="user">
    <button type="button" class="tool" aria-expanded=${String(open)} aria-controls="user-menu" title=${name} onClick=${() => setOpen(!open)}>
      <${Icon} name="user" /><span class="wide">${name}</span><span class="vh">${t(": account")}</span>
    </button>
    <div id="user-menu" class="menu" hidden=${!open}>
      <p><strong>${name}</strong><br /><span class="quiet-text">${label(now.role)} · ${now.organization}</span></p>
      ${now.session ? html`<button type="button" onClick=${() => { setOpen(false); dialog.value = "password"; }}>${t("Change password")}</button>` : null}
      <button type="button" onClick=${leave(false)}>${now.session ? t("Sign out") : t("Forget the token")}</button>
      ${now.session ? html`<button type="button" onClick=${leave(true)}>${t("Sign out everywhere")}</button>` : null}
    </div>
  </div>`;
}
