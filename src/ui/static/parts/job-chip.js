// @ts-check
// What runs in the background, in the bar; it leads to all jobs.

import { html } from "../dom.js";
import { running } from "../state/jobs.js";
import { goPage } from "../state/url.js";
import { plural } from "../text/words.js";
import { Icon } from "./icons.js";

export function JobChip() {
  const all = Object.values(running.value);
  if (!all.length) return null;
  const [{ text, done, total }] = all;
  const how = all.length > 1 ? plural(all.length, "job") : `${text}${total ? ` ${Math.floor((done / total) * 100)} %` : "…"}`;
  return html`<button type="button" class="tool" onClick=${() => goPage("jobs")} data-test="job-chip"><${Icon} name="job" />${how}</button>`;
}
