// @ts-check
// The own password, changed. All sessions end with it, so the page for signing in comes next.

import { html, useState } from "../dom.js";
import { Problem } from "../api.js";
import { dialog } from "../state/session.js";
import { Dialog } from "../parts/dialog.js";
import { changePassword } from "./api.js";
import { complaint, Labelled, refusal, typed } from "./labelled.js";
import { t } from "../text/say.js";

export function PasswordDialog() {
  const [problem, setProblem] = useState(/** @type {Problem|null} */ (null));
  const [busy, setBusy] = useState(false);
  const change = async (/** @type {Event} */ event) => {
    const { present, wanted } = typed(event);
    if (busy) return;
    setBusy(true);
    try {
      await changePassword(present, wanted);
      location.replace("/sign-in?problem=changed");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      setBusy(false);
    }
  };
  const text = problem ? refusal(problem) : null;
  return html`<${Dialog} name="password" label=${t("Change password")}>
    <h2>${t("Change password")}</h2>
    <form class="sheet" onSubmit=${change}>
      ${text ? html`<p class="trouble" role="alert">${text}</p>` : null}
      <${Labelled} id="present" label=${t("Present password")} type="password" autocomplete="current-password" />
      <${Labelled} id="wanted" label=${t("New password")} type="password" autocomplete="new-password" bad=${complaint(problem, "new_password")}
        hint="At least 10 characters. A few words are good. You will be signed out everywhere." />
      <div class="choose"><button class="button main" disabled=${busy}>${t("Change password")}</button>
        <button type="button" class="button" onClick=${() => (dialog.value = null)}>${t("Keep the old one")}</button></div>
    </form>
  <//>`;
}
