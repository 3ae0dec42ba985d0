// @ts-check
// What becomes of the events that concern the whole page: the card and the list that are shown, the
// jobs that others have started, and a call for the person here.

import { request } from "../api.js";
import { takeCall } from "./calls.js";
import { shown } from "./card.js";
import { isTypingDraft } from "./drafts.js";
import { running, watch } from "./jobs.js";
import { soon } from "./live.js";
import { me } from "./me.js";
import { follow, forget, isKnown, load, lose, remember } from "./records.js";
import { hits, PAGE, refresh, replaceHit } from "./search.js";
import { dialog, toast } from "./session.js";
import { goPage, place } from "./url.js";
import { showPhone } from "../text/phone.js";
import { label } from "../text/words.js";
import { t } from "../text/say.js";

/** @typedef {import("./live.js").Told} Told */

const LIST_MS = 1500;
const JOBS_MS = 2000;
/** A call that began longer ago rings no more. */
const RINGS_MS = 120_000;

const refreshList = soon(() => {
  // Who has scrolled down keeps what is there, and nothing moves under the mouse.
  if (place.peek().view !== "console" || hits.peek().length > PAGE) return;
  if (document.querySelector("#results:hover")) refreshList();
  else void refresh();
}, LIST_MS);

const reloadCard = soon(() => shown.peek() && void load(shown.peek()), LIST_MS / 5);

/** Looks for jobs that run: those of other windows, and of before this page was loaded. */
export async function lookForJobs() {
  const { body } = await request("GET", "/api/v1/jobs", { params: { per_page: 10 } }).catch(() => ({ body: { items: [] } }));
  for (const job of body.items) {
    if (["running", "queued"].includes(job.state) && !(job.id in running.peek())) {
      void watch(job.id, job.source ?? label(job.kind ?? "job"), job.kind === "import" ? "/api/v1/imports" : "/api/v1/jobs").catch(() => {});
    }
  }
}

const askForJobs = soon(() => void lookForJobs(), JOBS_MS);

/** @param {Told} told */
function hearContact({ record_id: id, gone, merged_into: into, data, by }) {
  if (gone) {
    if (into) follow(id, into);
    else if (shown.peek() !== id) forget(id);
    // Whoever is gone is nowhere, also where the event says what was before: who was restored may have
    // been deleted again meanwhile.
    else lose(id);
  } else {
    if (isKnown(id)) remember(data);
    replaceHit(data);
  }
  refreshList();
  // Many are changed by something that runs.
  if (by?.endsWith(")")) askForJobs();
}

/** Calls that were told of already. */
const rang = new Set();

/** A call to the person here comes up by itself, unless they are at something else. @param {any} call */
function hearCall(call) {
  const mine = me.peek()?.user_id;
  const rings = ["INITIATED", "CONNECTED"].includes(call.status) && Date.now() - Date.parse(call.started_at) < RINGS_MS;
  if (!mine || call.agent !== mine || call.direction !== "in" || !rings || rang.has(call.id)) return;
  rang.add(call.id);
  const number = call.e164 ?? call.number ?? call.internal_number ?? "";
  const { view, number: shownNumber } = place.peek();
  if (view === "pop" && shownNumber === number) return;
  const show = () => goPage("pop", { number });
  const isFree = ["console", "pop"].includes(view) && !dialog.peek() && !place.peek().create && !isTypingDraft();
  if (isFree) show();
  else toast(t("{0} calls you.", number ? showPhone(number) : t("A hidden number")), { action: { label: t("Show"), run: show } });
}

/** @param {Told} told */
export function hear(told) {
  const { event, kind, gone, data } = told;
  if (event === "reset") {
    reloadCard();
    refreshList();
  } else if (kind === "contact") hearContact(told);
  else {
    if (gone || data?.contact_id === shown.peek()) reloadCard();
    if (kind === "call" && !gone) {
      takeCall(data);
      hearCall(data);
    }
  }
}
