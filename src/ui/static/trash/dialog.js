// @ts-check
// The trash: who was deleted and can come back, the last deleted first.

import { html, useEffect, useState } from "../dom.js";
import { deleteContact, listContacts, Problem, restoreContact } from "../api.js";
import { may } from "../state/me.js";
import { refresh } from "../state/search.js";
import { dialog } from "../state/session.js";
import { openContact } from "../state/url.js";
import { mainPhone, phoneText } from "../text/phone.js";
import { plural, problemText } from "../text/words.js";
import { Dialog } from "../parts/dialog.js";
import { say, t } from "../text/say.js";
import { locale } from "../text/locale.js";

const PAGE = 50;

/** @typedef {import("../api.js").Page} Page */

export function TrashDialog() {
  const [q, setQ] = useState("");
  /** @type {[any, any]} */
  const [page, setPage] = useState(null);
  /** @type {[any, any]} */
  const [erasing, setErasing] = useState(null);
  /** What was done last; a toast would lie below the dialog. @type {[any, any]} */
  const [said, setSaid] = useState(null);

  const complain = (/** @type {unknown} */ error) => {
    if (!(error instanceof Problem)) throw error;
    setSaid(problemText(error));
  };
  const load = async (/** @type {AbortSignal} */ signal) => {
    try {
      const found = await listContacts({ q: q.trim(), deleted: "true", per_page: PAGE }, signal);
      if (!signal.aborted) setPage(found);
    } catch (error) {
      if (!signal.aborted) complain(error);
    }
  };
  useEffect(() => {
    const asked = new AbortController();
    void load(asked.signal);
    return () => asked.abort();
  }, [q]);

  const leave = (/** @type {string} */ id) => {
    setErasing(null);
    setPage((/** @type {Page} */ now) => ({ ...now, total: now.total - 1, contacts: now.contacts.filter((one) => one.id !== id) }));
  };
  const restore = async (/** @type {import("../api.js").Contact} */ contact) => {
    try {
      await restoreContact(contact.id);
    } catch (error) {
      return complain(error);
    }
    leave(contact.id);
    setSaid(html`${say("{0} is back.", contact.display_name)} <button type="button" class="link" data-test="open-restored"
      onClick=${() => { dialog.value = null; openContact(contact.id); }}>${t("Open")}</button>`);
    await refresh();
  };
  const erase = async (/** @type {import("../api.js").Contact} */ contact) => {
    if (erasing !== contact.id) return setErasing(contact.id);
    try {
      await deleteContact(contact.id, { permanent: true });
    } catch (error) {
      return complain(error);
    }
    leave(contact.id);
    setSaid(t("{0} is deleted for good.", contact.display_name));
  };

  const rows = page?.contacts ?? [];
  return html`<${Dialog} name="trash" label=${t("Deleted contacts")}>
    <h2>${t("Deleted contacts")}</h2>
    <p class="quiet-text">${t("Nothing finds them and nobody calls them. They stay until they are restored or deleted permanently.")}</p>
    <input type="search" aria-label=${t("Search the deleted contacts")} placeholder=${t("Search")} value=${q}
      onInput=${(/** @type {any} */ event) => setQ(event.target.value)} />
    <p role="status">${said ? html`${said}${" "}` : null}${page ? plural(page.total, "contact", "contacts") : ""}${page && rows.length < page.total ? t(", {0} shown", rows.length) : ""}</p>
    <ul class="trash">
      ${rows.map((/** @type {any} */ contact) => html`<li key=${contact.id} data-test="deleted">
        <span><strong>${contact.display_name}</strong><br /><span class="quiet-text">${[contact.company, mainPhone(contact) && phoneText(mainPhone(contact)), contact.deleted_at && t("deleted {0}", new Date(contact.deleted_at).toLocaleString(locale()))].filter(Boolean).join(" · ")}</span></span>
        <button type="button" class="button" aria-label=${t("Restore {0}", contact.display_name)} onClick=${() => restore(contact)}>${t("Restore")}</button>
        ${may("erase") ? html`<button type="button" class="button danger" aria-label=${t("Delete {0} permanently", contact.display_name)} onClick=${() => erase(contact)}>${erasing === contact.id ? t("Really delete?") : t("Delete permanently")}</button>` : null}
      </li>`)}
    </ul>
    <form method="dialog"><button class="button">${t("Close")}</button></form>
  <//>`;
}
