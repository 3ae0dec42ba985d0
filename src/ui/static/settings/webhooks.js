// @ts-check
// Webhooks: where what happens is sent, what was sent, and sending it again.

import { html, signal, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { copy } from "../state/card.js";
import { act, complain } from "../state/items.js";
import { may } from "../state/me.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf, plural } from "../text/words.js";
import { WholeList } from "./whole.js";
import { say, t, told } from "../text/say.js";
import { locale } from "../text/locale.js";

/** @typedef {import("../state/items.js").Item} Item */

/** Secrets of webhooks that were made since the page was opened. @type {import("../vendor/signals.js").Signal<Record<string, string>>} */
const secrets = signal({});
const PER_PAGE = 50;
/** A test call is waited for as long as the other side may take, and a little more. */
const LOOK_MS = 300;
const MOST_LOOKS = 50;
const STATES = [["", t("everything")], ["pending", t("still to be sent")], ["delivered", t("arrived")], ["dead", t("given up")]];

/** @param {{item: Item}} props */
function Deliveries({ item }) {
  const [state, setState] = useState("");
  const [found, setFound] = useState(/** @type {{total: number, items: any[]}|null} */ (null));
  const [attempt, setAttempt] = useState(0);
  const [busy, setBusy] = useState(true);
  const path = `/api/v1/webhooks/${encodeURIComponent(item.id)}/deliveries`;
  useEffect(() => {
    const asking = new AbortController();
    setBusy(true);
    request("GET", path, { params: { state, per_page: PER_PAGE }, signal: asking.signal }).then(({ body }) => !asking.signal.aborted && setFound(body), (error) => !asking.signal.aborted && complain(error)).finally(() => !asking.signal.aborted && setBusy(false));
    return () => asking.abort();
  }, [item.id, state, attempt]);
  const again = () => setAttempt((now) => now + 1);
  const [tested, setTested] = useState(/** @type {{n: number, state: string, status?: number|null, error?: string|null}|null} */ (null));
  const test = async () => {
    try {
      let { body: one } = await request("POST", `/api/v1/webhooks/${encodeURIComponent(item.id)}/test`);
      setTested(one);
      for (let looks = 0; one?.state === "pending" && looks < MOST_LOOKS; looks += 1) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        const { body } = await request("GET", path, { params: { per_page: PER_PAGE } });
        one = body.items.find((/** @type {any} */ each) => each.n === one.n) ?? one;
      }
      setTested(one);
    } catch (error) {
      complain(error);
    }
    again();
  };
  const secret = secrets.value[item.id];
  return html`${secret ? html`<section class="part" aria-label=${t("Secret")}><p role="status"><strong>${t("Copy the secret now; it is not shown again.")}</strong> ${t("It signs what is sent.")}</p><pre tabindex="0" role="region" aria-label=${t("Secret")}><code data-test="secret">${secret}</code></pre><p><button type="button" class="button" onClick=${() => copy(secret)}>${t("Copy the secret")}</button></p></section>` : null}
    <section class="part" aria-label=${t("What was sent")} aria-busy=${String(busy)} data-test="deliveries"><div class="bulk-line"><h3>${t("What was sent")}</h3><select class="editor" aria-label=${t("Which")} onChange=${(/** @type {any} */ event) => setState(event.target.value)} data-test="delivery-state">${STATES.map(([value, text]) => html`<option value=${value} selected=${value === state}>${text}</option>`)}</select>
      <button type="button" class="button" onClick=${again} data-test="look-again">${t("Look again")}</button>
      <button type="button" class="button" disabled=${!item.active || tested?.state === "pending"} title=${item.active ? undefined : t("Only an active one sends")} onClick=${test} data-test="test-webhook">${t("Send a test call")}</button></div>
    ${tested ? html`<p role="status" class=${tested.state === "dead" ? "bad" : ""} data-test="tested" data-state=${tested.state}>${tested.state === "pending" ? t("The test call is on its way…")
      : tested.state === "delivered" ? t("The test call arrived: the other side answered {0}.", tested.status ?? 200)
      : tested.status ? t("The test call arrived, but the other side answered {0}. It should answer 200.", tested.status) : t("The test call did not arrive: {0}.", told(tested.error ?? ""))}</p>` : null}
    ${found && !found.items.length ? html`<p class="quiet-text" data-test="no-deliveries">${state ? t("Nothing of that kind.") : t("Nothing has been sent yet.")}</p>` : null}
    <ul class="lines">${(found?.items ?? []).map((one) => html`<li key=${one.n} data-test="delivery" data-state=${one.state}><span><strong>${one.event}</strong> ${STATES.find(([value]) => value === one.state)?.[1] ?? labelOf(one.state)}<br />
        <span class="quiet-text"><time datetime=${one.created_at} title=${inFull(one.created_at)}>${ago(one.created_at)}</time>${one.attempts ? ` · ${plural(one.attempts, "attempt")}` : ""}${one.status ? t(" · answered {0}", one.status) : ""}${one.error ? ` · ${told(one.error)}` : ""}${one.next_at && one.state === "pending" ? html` ${t("· next")} <time datetime=${one.next_at} title=${inFull(one.next_at)}>${inFull(one.next_at)}</time>` : null}</span></span>
      <button type="button" class="button" onClick=${() => act(() => request("POST", `${path}/${one.n}/replay`), t("It is sent again."), null, again)} data-test="replay">${t("Send again")}</button></li>`)}</ul>
    ${found && found.total > found.items.length ? html`<p class="quiet-text">${say("The newest {0} of {1}.", found.items.length, found.total.toLocaleString(locale()))}</p>` : null}</section>`;
}

export const Webhooks = () => html`<${WholeList} spec=${{
  noun: "webhooks", title: t("Webhooks"), one: "webhook", sort: "name", mayEdit: () => may("manage_settings"),
  empty: t("A webhook tells another system what happens to contacts and records, as it happens."),
  columns: [
    { key: "name", label: t("Name"), sort: "name", cell: (/** @type {Item} */ row) => row.name ?? t("without a name") },
    { key: "url", label: t("Address"), sort: "url", width: "minmax(200px, 2fr)", cell: (/** @type {Item} */ row) => row.url },
    { key: "events", label: t("Sends"), cell: (/** @type {Item} */ row) => row.events?.join(", ") || t("everything") },
    { key: "active", label: t("Active"), cell: (/** @type {Item} */ row) => (row.active ? t("Yes") : t("No")) },
  ],
  fields: () => [
    { key: "name", label: t("Name"), hint: t("What it is for") },
    { key: "url", label: t("Address"), required: true, hint: "https://crm.example.com/hooks/ringdex" },
    { key: "events", label: t("Sends"), type: "words", hint: t("contact.*, call.created, with commas between; empty for everything") },
    { key: "active", label: t("Active"), type: "yes", start: true },
  ],
  onMade: (/** @type {Item} */ made) => (secrets.value = { ...secrets.peek(), [made.id]: made.secret }),
  detail: ({ item }) => html`<${Deliveries} key=${item.id} item=${item} />`,
}} />`;
