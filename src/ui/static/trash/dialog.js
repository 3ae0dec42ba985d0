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
    setSaid(html`${contact.display_name} is back. <button type="button" class="link" data-test="open-restored"
      onClick=${() => { dialog.value = null; openContact(contact.id); }}>Open</button>`);
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
    setSaid(`${contact.display_name} is deleted for good.`);
  };

  const rows = page?.contacts ?? [];
  return html`<${Dialog} name="trash" label="Deleted contacts">
    <h2>Deleted contacts</h2>
    <p class="quiet-text">Nothing finds them and nobody calls them. They stay until they are restored or deleted permanently.</p>
    <input type="search" aria-label="Search the deleted contacts" placeholder="Search" value=${q}
      onInput=${(/** @type {any} */ event) => setQ(event.target.value)} />
    <p role="status">${said ? html`${said}${" "}` : null}${page ? plural(page.total, "contact", "contacts") : ""}${page && rows.length < page.total ? `, ${rows.length} shown` : ""}</p>
    <ul class="trash">
      ${rows.map((/** @type {any} */ contact) => html`<li key=${contact.id} data-test="deleted">
        <span><strong>${contact.display_name}</strong><br /><span class="quiet-text">${[contact.company, mainPhone(contact) && phoneText(mainPhone(contact)), contact.deleted_at && `deleted ${new Date(contact.deleted_at).toLocaleString()}`].filter(Boolean).join(" · ")}</span></span>
        <button type="button" class="button" aria-label=${`Restore ${contact.display_name}`} onClick=${() => restore(contact)}>Restore</button>
        ${may("erase") ? html`<button type="button" class="button danger" aria-label=${`Delete ${contact.display_name} permanently`} onClick=${() => erase(contact)}>${erasing === contact.id ? "Really delete?" : "Delete permanently"}</button>` : null}
      </li>`)}
    </ul>
    <form method="dialog"><button class="button">Close</button></form>
  <//>`;
}
