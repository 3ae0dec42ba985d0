// @ts-check
// The tags of a contact: taken off with a click, put on by typing.

import { html, useEffect, useRef, useState } from "../dom.js";
import { editRequest } from "../state/card.js";
import { may } from "../state/me.js";
import { record, save } from "../state/records.js";
import { toast } from "../state/session.js";
import { problemText } from "../text/words.js";
import { Icon } from "./icons.js";
import { Hint } from "./hint.js";

/** @param {string} tag */
const isLoud = (tag) => /^(vip)$/i.test(tag.replaceAll(".", ""));

/** @param {{contact: import("../api.js").Contact}} props */
export function Tags({ contact }) {
  const [typing, setTyping] = useState(false);
  const box = useRef(/** @type {HTMLInputElement|null} */ (null));
  const tags = contact.tags ?? [];

  useEffect(() => {
    if (editRequest.value !== "tags") return;
    editRequest.value = null;
    setTyping(may("edit"));
  }, [editRequest.value]);
  useEffect(() => {
    if (typing) box.current?.focus();
  }, [typing]);

  /** @param {(now: string[]) => string[]} change */
  const change = async (change) => {
    // Tags are a set: on a conflict the same change is made to what is there now.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const now = record(contact.id).peek().contact?.tags ?? tags;
      const outcome = await save(contact.id, { tags: change(now) });
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
      setTyping(false);
      document.getElementById("card-name")?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<ul class="tags" aria-label="Tags">
    ${tags.map((tag) => html`<li key=${tag} class=${isLoud(tag) ? "tag loud" : "tag"}>${tag}
      ${may("edit") ? html`<button type="button" aria-label=${`Remove the tag ${tag}`} title="Remove" onClick=${() => void change((now) => now.filter((one) => one !== tag))}><${Icon} name="close" /></button>` : null}
    </li>`)}
    <li>${!may("edit") ? null : typing
      ? html`<input class="editor tag-input" ref=${box} aria-label="New tag" placeholder="New tag" autocomplete="off" onKeyDown=${onKeyDown}
          onBlur=${(/** @type {any} */ event) => { add(event.target.value); setTyping(false); }} />`
      : html`<button type="button" class="tag add" onClick=${() => setTyping(true)}><${Icon} name="plus" />Tag<${Hint} keys="t" /></button>`}
    </li>
  </ul>`;
}
