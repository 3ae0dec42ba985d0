// @ts-check
// The tags of a contact: taken off with a click, put on by typing. They take two lines at most, so
// that the numbers below stay in sight; the rest is one click away.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../dom.js";
import { editRequest, takesEdit } from "../state/card.js";
import { may } from "../state/me.js";
import { record, save } from "../state/records.js";
import { toast } from "../state/session.js";
import { problemText } from "../text/words.js";
import { Icon } from "./icons.js";
import { Hint } from "./hint.js";
import { t } from "../text/say.js";

const MOST_LINES = 2;

/** @param {string} tag */
const isLoud = (tag) => /^(vip)$/i.test(tag.replaceAll(".", ""));

/** @param {{contact: import("../api.js").Contact}} props */
export function Tags({ contact }) {
  const [typing, setTyping] = useState(false);
  const box = useRef(/** @type {HTMLInputElement|null} */ (null));
  const tags = contact.tags ?? [];
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  const [isWhole, setWhole] = useState(false);
  /** How many are shown, for a width and a list of tags. */
  const [fit, setFit] = useState({ width: 0, of: "", count: Infinity });
  const of = tags.join();
  const count = fit.of === of ? fit.count : Infinity;
  const shown = isWhole ? tags : tags.slice(0, count);

  useLayoutEffect(() => {
    const box = list.current;
    if (!box || isWhole) return;
    const lines = [...new Set([...box.children].map((one) => /** @type {HTMLElement} */ (one).offsetTop))].sort((a, b) => a - b);
    if (lines.length <= MOST_LINES) return;
    const inSight = [...box.querySelectorAll(".own")].filter((one) => /** @type {HTMLElement} */ (one).offsetTop < lines[MOST_LINES]).length;
    // One less each time, until what stands behind them fits as well.
    const next = Math.max(1, Math.min(inSight, shown.length - 1));
    if (next < shown.length) setFit({ width: box.clientWidth, of, count: next });
  });
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      if (list.current?.clientWidth !== fit.width) setFit({ width: list.current?.clientWidth ?? 0, of: "", count: Infinity });
    });
    if (list.current) observer.observe(list.current);
    return () => observer.disconnect();
  }, [fit.width]);
  useEffect(() => {
    if (takesEdit(contact.id, "tags")) setTyping(may("edit"));
  }, [editRequest.value]);
  useEffect(() => {
    if (typing) box.current?.focus();
  }, [typing]);

  /** @param {(now: string[]) => string[]} change */
  const change = async (change) => {
    // Tags are a set: on a conflict the same change is made to what is there now.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const now = record(contact.id).peek().contact?.tags ?? tags;
      const outcome = await save(contact.id, { tags: change(now) }, t("Tags"));
      if (outcome.state === "problem") toast(problemText(outcome.problem), { bad: true });
      if (outcome.state !== "conflict") return;
    }
  };
  const add = (/** @type {string} */ text) => {
    const wanted = text.split(",").map((one) => one.trim()).filter(Boolean);
    if (!wanted.length) return;
    void change((now) => [...now, ...wanted.filter((one) => !now.some((old) => old.toLowerCase() === one.toLowerCase()))]);
  };
  const onKeyDown = (/** @type {any} */ event) => {
    if (event.key === "Enter") {
      add(event.target.value);
      event.target.value = "";
    } else if (event.key === "Escape") {
      // Leaving the box adds what is in it: there must be nothing left.
      event.target.value = "";
      setTyping(false);
      document.getElementById("card-name")?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<ul class=${isWhole ? "tags whole" : "tags"} aria-label=${t("Tags")} ref=${list}>
    ${shown.map((tag) => html`<li key=${tag} class=${isLoud(tag) ? "tag own loud" : "tag own"}><span title=${tag}>${tag}</span>
      ${may("edit") ? html`<button type="button" aria-label=${t("Remove the tag {0}", tag)} title=${t("Remove")} onClick=${() => void change((now) => now.filter((one) => one !== tag))}><${Icon} name="close" /></button>` : null}
    </li>`)}
    ${shown.length < tags.length || isWhole ? html`<li><button type="button" class="tag add" aria-expanded=${String(isWhole)} onClick=${() => setWhole(!isWhole)} data-test="more-tags">
      ${isWhole ? t("Fewer") : `+${tags.length - shown.length}`}<span class="vh"> ${t("tags")}</span></button></li>` : null}
    <li>${!may("edit") ? null : typing
      ? html`<input class="editor tag-input" ref=${box} aria-label=${t("New tag")} placeholder=${t("New tag")} autocomplete="off" onKeyDown=${onKeyDown}
          onBlur=${(/** @type {any} */ event) => { add(event.target.value); setTyping(false); }} />`
      : html`<button type="button" class="tag add" onClick=${() => setTyping(true)}><${Icon} name="plus" />${t("Tag")}<${Hint} keys="t" /></button>`}
    </li>
  </ul>`;
}
