// @ts-check
// Every page and command by its name: type a part of it, arrows, Enter.

import { html, useState } from "../dom.js";
import { setToken, signOut, token } from "../api.js";
import { PAGES } from "../pages.js";
import { Dialog } from "../parts/dialog.js";
import { Icon } from "../parts/icons.js";
import { may, me } from "../state/me.js";
import { dialog, letterKeys, setLetterKeys, switchTheme } from "../state/session.js";
import { go, goPage } from "../state/url.js";
import { chooseLanguage, language, LANGUAGE_NAMES, LANGUAGES_OF_PAGES } from "../text/locale.js";
import { t } from "../text/say.js";

/** @typedef {{title: string, icon: string, keys?: string, run: () => void}} Command */

async function leave() {
  if (me.peek()?.session) await signOut({ everywhere: false });
  setToken(null);
  location.replace("/sign-in?problem=out");
}

/** @returns {Command[]} */
function commands() {
  const pages = PAGES.filter((one) => one.may()).map(({ name, title, icon, keys }) => ({ title, icon, keys: keys && `g ${keys}`, run: () => goPage(name) }));
  const fresh = (/** @type {string} */ title, /** @type {string} */ view) => ({ title, icon: "plus", run: () => goPage(view, { more: { open: "new" } }) });
  const canEdit = may("edit");
  return [
    ...pages,
    ...(may("create") ? [{ title: t("New contact"), icon: "plus", keys: "n", run: () => go({ create: true, contact: null }) }] : []),
    ...(canEdit ? [fresh(t("New company"), "companies"), fresh(t("New deal"), "deals"), fresh(t("New task"), "tasks"), fresh(t("New list"), "lists")] : []),
    { title: t("Archived contacts"), icon: "people", run: () => goPage("contacts", { q: "status:archived" }) },
    ...(may("delete") ? [{ title: t("Deleted contacts"), icon: "trash", run: () => goPage("contacts", { more: { deleted: "1" } }) }] : []),
    ...(me.value?.user_id ? [{ title: t("My contacts"), icon: "people", run: () => goPage("contacts", { q: "owner:me" }) }] : []),
    { title: t("Help and keys"), icon: "keys", keys: "?", run: () => (dialog.value = "keys") },
    { title: letterKeys.value ? t("Letter keys off") : t("Letter keys on"), icon: "keys", run: () => setLetterKeys(!letterKeys.peek()) },
    { title: t("Other colours"), icon: "auto", run: switchTheme },
    ...LANGUAGES_OF_PAGES.filter((one) => one !== language).map((one) => ({ title: LANGUAGE_NAMES[one], icon: "user", run: () => chooseLanguage(one) })),
    ...(me.value?.session ? [{ title: t("Change password"), icon: "user", run: () => (dialog.value = "password") }] : []),
    ...(me.value?.session || token() ? [{ title: t("Sign out"), icon: "user", run: () => void leave() }] : []),
  ];
}

/** Whether every word is in the title. @param {string} title @param {string} q */
const fits = (title, q) => q.toLowerCase().split(/\s+/).every((word) => title.toLowerCase().includes(word));

export function Palette() {
  const [q, setQ] = useState("");
  const [at, setAt] = useState(0);
  const found = [
    ...commands().filter((one) => fits(one.title, q.trim())),
    ...(q.trim() ? [{ title: t("Search contacts for “{0}”", q.trim()), icon: "search", run: () => goPage("console", { q: q.trim() }) }] : []),
  ];
  const run = (/** @type {Command|undefined} */ one) => {
    if (!one) return;
    dialog.value = null;
    one.run();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter") run(found[at]);
    else return;
    event.preventDefault();
    requestAnimationFrame(() => document.querySelector("#commands [aria-selected=true]")?.scrollIntoView({ block: "nearest" }));
  };
  return html`<${Dialog} name="palette" label=${t("Pages and commands")}>
    <input class="editor" type="text" role="combobox" aria-label=${t("Go to, or do")} aria-expanded="true" aria-controls="commands" aria-autocomplete="list"
      aria-activedescendant=${found[at] ? `command-${at}` : undefined} placeholder=${t("Go to, or do…")} autocomplete="off" spellcheck=${false} value=${q}
      onInput=${(/** @type {any} */ event) => { setQ(event.target.value); setAt(0); }} onKeyDown=${onKeyDown} />
    <ul id="commands" class="commands" role="listbox" aria-label=${t("Pages and commands")}>
      ${found.map((one, index) => html`<li id=${`command-${index}`} key=${one.title} role="option" aria-selected=${String(index === at)} onClick=${() => run(one)} data-test="command">
        <${Icon} name=${one.icon} /><span>${one.title}</span>${one.keys ? html`<kbd>${one.keys}</kbd>` : null}</li>`)}
    </ul>
  <//>`;
}
