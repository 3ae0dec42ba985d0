// @ts-check
// The contact card: who this is and whether to call, then how to reach them, then the rest.

import { html, onDemand, useEffect, useLayoutEffect, useRef, withWork } from "../dom.js";
import { adding, call, copyNumber, edit, lookalikes, pin, shown } from "../state/card.js";
import { isMasked, may, mayMerge } from "../state/me.js";
import { load, record, remember } from "../state/records.js";
import { dialog, narrow } from "../state/session.js";
import { go, goPage, openContact, place } from "../state/url.js";
import { placeOf, timeIn, timeInCountry } from "../text/time.js";
import { mainPhone, phoneText } from "../text/phone.js";
import { countryName, mayCall, problemText, whyText } from "../text/words.js";
import { AddressField, EmailField, NameField, PhoneField, StatusField, TextField } from "./fields.js";
import { AddField, Details, Foot } from "./card-details.js";
import { Hint } from "./hint.js";
import { Icon } from "./icons.js";
import { Tags } from "./tags.js";
import { t } from "../text/say.js";

/** @typedef {import("../api.js").Contact} Contact */

const CardDuplicates = onDemand(() => import("../review/card-tab.js").then((file) => file.CardDuplicates));

const CardTab = withWork(() => import("../tabs/tab.js").then((file) => file.CardTab));

const CardTimeline = onDemand(() => import("../timeline/card-tab.js").then((file) => file.CardTimeline));

/** "14:05 in Berlin": from the record's zone, else from the country of address or number. @param {Contact} contact */
function localTime(contact) {
  const time = timeIn(contact.timezone);
  if (time) return t("{0} in {1}", time, placeOf(contact.timezone));
  const country = contact.addresses?.find((one) => /^[A-Z]{2}$/.test(one.country ?? ""))?.country ?? mainPhone(contact)?.country;
  const there = timeInCountry(country, { onlyOne: true });
  return country && there ? t("{0} in {1}", there, countryName(country)) : null;
}

/** @param {{contact: Contact}} props */
function Actions({ contact }) {
  const phone = mainPhone(contact);
  const reachable = phone && !isMasked(phoneText(phone));
  const { may: mayBeCalled } = mayCall(contact);
  return html`<div class="actions" role="group" aria-label=${t("What to do with this contact")}>
    ${reachable ? html`<button type="button" class=${mayBeCalled ? "button main" : "button"} onClick=${() => call()} data-test="call">
      <${Icon} name=${mayBeCalled ? "call" : "no-call"} />${mayBeCalled ? t("Call") : t("Call…")}<${Hint} keys="c" /></button>
    <button type="button" class="button" onClick=${copyNumber}><${Icon} name="copy" />${t("Copy")}<span class="vh"> ${t("number")}</span><${Hint} keys="y" /></button>` : null}
    ${may("edit") ? html`<button type="button" class="button" onClick=${() => edit("name")}><${Icon} name="edit" />${t("Edit")}<${Hint} keys="e" /></button>` : null}
    ${may("delete") || may("erase") ? html`<button type="button" class="button" aria-label=${t("Delete")} title=${t("Delete")} onClick=${() => (dialog.value = "delete")}>
      <${Icon} name="trash" />
    </button>` : null}
  </div>`;
}

/** Keeps the card where it is. @param {{id: string}} props */
function Pin({ id }) {
  const { view, contact, pinned } = place.value;
  if (view !== "console" || narrow.value) return null;
  const isPinned = pinned && contact === id;
  return html`<button type="button" class="button" aria-pressed=${String(isPinned)} onClick=${pin} data-test="pin"
    title=${t("Keep this card here while you search for somebody else")}><${Icon} name="pin" />${isPinned ? t("Pinned") : t("Pin")}<${Hint} keys="p" /></button>`;
}

/** @param {{contact: Contact}} props */
function Lookalikes({ contact }) {
  if (lookalikes.value?.id !== contact.id) return null;
  return html`<aside class="lookalikes" role="note" data-test="lookalikes">
    <p><strong>${t("Saved. It looks like somebody you already have:")}</strong></p>
    <ul>${lookalikes.value.list.map((/** @type {any} */ one) => html`<li>
      <button type="button" class="link" onClick=${() => openContact(one.id)}>${one.display_name}</button>
      ${one.probability ? html` <span class="num">${Math.round(one.probability * 100)} %</span>` : null}
      <span class="quiet-text"> ${whyText(Array.isArray(one.why) ? one.why.map((/** @type {any} */ each) => each.words ?? each) : one.why)}</span>
    </li>`)}</ul>
    <button type="button" class="link" onClick=${() => (lookalikes.value = null)}>${t("Keep both")}</button>
  </aside>`;
}

/** @param {{contact: Contact}} props */
function Tabs({ contact }) {
  const { id, counts = {}, lists = [] } = contact;
  const tabs = [["", t("Details")], ["timeline", t("Timeline")], ["calls", t("Calls"), counts.calls], ["notes", t("Notes"), counts.notes], ["tasks", t("Tasks"), counts.tasks_open], ["deals", t("Deals"), counts.open_deals],
    ["conversations", t("Conversations"), counts.conversations], ["consent", t("Consent")], ["lists", t("Lists"), lists.length], ...(mayMerge() ? [["duplicates", t("Duplicates")]] : [])];
  return html`<nav class="tabs" aria-label=${t("Parts of the card")}>${tabs.map(([tab, name, count]) => html`<button type="button" key=${tab} data-tab=${tab}
    aria-current=${place.value.tab === tab ? "true" : undefined} onClick=${() => go({ contact: id, tab })}>${name}${count ? html` <span class="num">${count}</span>` : null}</button>`)}</nav>`;
}

/** What is below the tabs. @param {{contact: Contact}} props */
function Lower({ contact }) {
  const { tab } = place.value;
  if (tab === "timeline") return html`<${CardTimeline} contact=${contact} />`;
  if (tab === "duplicates" && mayMerge()) return html`<${CardDuplicates} contact=${contact} /><${CardTab} tab="merge" contact=${contact} />`;
  if (tab && tab !== "duplicates") return html`<${CardTab} tab=${tab} contact=${contact} />`;
  return html`<${Details} contact=${contact} /><${AddField} contact=${contact} />`;
}

/** @param {{contact: Contact}} props */
function Identity({ contact }) {
  const time = localTime(contact);
  const line = [
    contact.title ? html`<${TextField} key="title" contact=${contact} path="title" label=${t("Title")} inline />` : null,
    contact.company ? html`<${TextField} key="company" contact=${contact} path="company" label=${t("Company")} inline
      after=${contact.company_id ? html`<button type="button" class="act" aria-label=${t("Show the company {0}", contact.company)} title=${t("Show the company")} onClick=${() => goPage("companies", { more: { open: contact.company_id } })}><${Icon} name="company" /></button>` : null} />` : null,
    time ? html`<span key="time" class="clock"><${Icon} name="clock" /><span class="num">${time}</span></span>` : null,
  ].filter(Boolean);
  return html`<div class="identity">
    <div class="first">
      <h1 id="card-name" tabindex="-1"><${NameField} contact=${contact} /></h1>
      <${StatusField} contact=${contact} />
    </div>
    ${line.length ? html`<div class="line">${line}</div>` : null}
    <${Tags} contact=${contact} />
  </div>`;
}

/** How to reach them. @param {{contact: Contact}} props */
function Reach({ contact }) {
  const { phones = [], emails = [], addresses = [] } = contact;
  if (!phones.length && !emails.length && !addresses.length) return null;
  return html`<section aria-label=${t("How to reach them")}>
    <dl class="facts reach">
      ${phones.map((_, index) => html`<${PhoneField} key=${`phone-${index}`} contact=${contact} index=${index} />`)}
      ${emails.map((_, index) => html`<${EmailField} key=${`email-${index}`} contact=${contact} index=${index} />`)}
      ${addresses.map((_, index) => html`<${AddressField} key=${`address-${index}`} contact=${contact} index=${index} />`)}
    </dl>
  </section>`;
}

/**
 * @param {{id: string, known?: Contact, preview?: boolean}} props `known` comes from a hit, so
 *   that the card is there at once; a preview is shown while the arrows move, and does not load
 */
export function Card({ id, known, preview = false }) {
  const article = useRef(/** @type {HTMLElement|null} */ (null));
  if (known) remember(known);
  const { contact, problem } = record(id).value;

  useEffect(() => {
    if (!preview) void load(id);
  }, [id, preview]);
  useLayoutEffect(() => {
    shown.value = id;
    adding.value = false;
    return () => {
      if (shown.peek() === id) shown.value = null;
    };
  }, [id]);
  useLayoutEffect(() => {
    // Opening puts the keys on the card; typing in a field or in the box is left alone.
    const busy = article.current?.contains(document.activeElement) || document.activeElement?.matches("input:not(#search), textarea, select");
    if (!preview && contact && !busy) document.getElementById("card-name")?.focus({ preventScroll: true });
    article.current?.scrollTo(0, 0);
  }, [id, preview, Boolean(contact)]);
  useEffect(() => {
    document.title = contact && !preview ? `${contact.display_name} · Ringdex` : "Ringdex";
    return () => {
      document.title = "Ringdex";
    };
  }, [contact?.display_name, preview]);

  const back = html`<button type="button" class="back" onClick=${() => go({ contact: null })}><${Icon} name="back" />${place.value.view === "pop" ? t("Caller") : t("Results")}</button>`;
  if (problem && (problem.status === 404 || !contact)) {
    return html`<article class="card" ref=${article}>${back}<div class="empty" role="alert">
      <h2>${problem.status === 404 ? t("Not there any more") : t("This card does not open")}</h2>
      <p>${problemText(problem)}</p>
      <button type="button" class="button" onClick=${() => (problem.status === 404 ? go({ contact: null }) : load(id))}>
        ${problem.status === 404 ? t("Back to the list") : t("Try again")}
      </button>
    </div></article>`;
  }
  if (!contact) return html`<article class="card" ref=${article} aria-busy="true">${back}</article>`;
  return html`<article class=${preview ? "card preview" : "card"} ref=${article} aria-labelledby="card-name" data-test="card"
      data-id=${id} data-version=${contact.version} onFocusIn=${() => preview && openContact(id)}>
    ${back}
    <${Lookalikes} contact=${contact} />
    <div class="head"><${Identity} key=${id} contact=${contact} /><div class="head-tools"><${Actions} contact=${contact} /><${Pin} id=${id} /></div></div>
    <div key=${id}>
      <${Reach} contact=${contact} />
      <${Tabs} contact=${contact} />
      <${Lower} key=${id} contact=${contact} />
      <${Foot} contact=${contact} />
    </div>
  </article>`;
}
