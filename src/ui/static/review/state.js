// @ts-check
// The review of duplicates: the queue, what is chosen for the group on the screen, and the
// decisions. A decision shows at once; if it is refused, the group comes back with the reason.

import { computed, signal } from "../dom.js";
import { findContact, Problem } from "../api.js";
import { dismissDuplicates, listDuplicates, mergeContacts, undoMerge, withdrawDismissal } from "./api.js";
import { problemText } from "../text/words.js";
import { forget } from "../state/records.js";
import { answered, refresh } from "../state/search.js";
import { narrow, toast } from "../state/session.js";
import { offerUndo } from "../state/undo.js";
import { go, place } from "../state/url.js";
import { t } from "../text/say.js";

/**
 * @typedef {import("../api.js").Contact} Contact
 * @typedef {import("./api.js").Group & {was?: Record<string, Contact>}} Group `was` are the
 *   contacts before somebody else changed them
 * @typedef {{group: string, primary: string, out: string[], fields: Record<string, string>}} Choice
 */

const [AGAIN_MS, AHEAD] = [3000, 10];

/** @type {import("../vendor/signals.js").Signal<Group[]>} */
export const queue = signal([]);
/** What the last answer said of itself; null before the first. */
export const figures = signal(/** @type {any} */ (null));
export const problem = signal(/** @type {any} */ (null));
/** Whether it is being asked until when. */
export const later = signal(false);
const choice = signal(/** @type {Choice} */ ({ group: "", primary: "", out: [], fields: {} }));
let cursor = /** @type {any} */ (null);
/** What the queue was asked for. */
let asked = "";
/** Groups whose decision is on its way. @type {Set<string>} */
const decided = new Set();

/** The group on the screen. */
export const current = computed(() => {
  const { group } = place.value;
  return queue.value.find((one) => one.id === group) ?? (narrow.value ? undefined : queue.value[0]);
});

/** What would be done with it. */
export const plan = computed(() => {
  const group = current.value;
  if (!group) return null;
  // Whom only a less likely pair ties to the group is not in the merge until somebody says so.
  const weaker = group.members.filter((one) => one.selected === false).map((one) => one.id);
  const { primary = "", out = weaker, fields = {} } = choice.value.group === group.id ? choice.value : {};
  const members = group.members.filter((one) => !out.includes(one.id));
  return { group, out, fields, members, primary: members.some((one) => one.id === primary) ? primary : members[0].id };
});

/** @param {Partial<Choice>} part */
export function choose(part) {
  if (plan.value) choice.value = { ...plan.value, ...part, group: plan.value.group.id };
}

/** What the server is asked to do. */
export const request = computed(() => {
  const { primary, fields, members } = plan.value ?? { members: [] };
  if (members.length < 2) return null;
  return {
    primary,
    others: members.map((one) => one.id).filter((id) => id !== primary),
    fields,
    versions: Object.fromEntries(members.map((one) => [one.id, one.contact.version])),
  };
});

/** @param {import("./api.js").Duplicates} page @returns {Group[]} */
const entries = (page) => page.groups ?? (page.pairs ?? []).map((pair) => ({
  id: `${pair.id_a}_${pair.id_b}`,
  probability: pair.probability,
  members: (pair.contacts ?? []).map((contact) => ({ id: contact.id, contact })),
  pairs: [pair],
}));

/** Asks for the queue that the address names; `more` for its next page, `anew` when it is shown again. */
export async function loadQueue({ more = false, anew = false } = {}) {
  const { by, p, contact, group } = place.peek();
  const key = [by, p, contact].join();
  if (more && !cursor) return;
  if (key !== asked) {
    asked = key;
    cursor = null;
    queue.value = [];
    figures.value = null;
  }
  const params = { view: by || "groups", min_probability: p || (contact ? 0.11 : 0.9), contact };
  try {
    const page = await listDuplicates({ ...params, cursor: more ? cursor : null });
    let found = entries(page);
    // A reload further down, or a link from elsewhere.
    if (group && !queue.value.length && !found.some((one) => one.id === group)) {
      const near = await listDuplicates({ ...params, contact: group.split("_")[0] }).catch(() => ({}));
      found = [...entries(/** @type {any} */ (near)).filter((one) => one.id === group), ...found];
    }
    if (key !== asked) return;
    if (more || queue.value.length < found.length) cursor = page.next_cursor;
    // What is there stays where it is; nothing moves below the hands.
    if (anew) decided.clear();
    const known = new Set([...queue.value.map((one) => one.id), ...decided]);
    const kept = queue.value.map((one) => (anew && found.find((other) => other.id === one.id)) || one);
    queue.value = [...kept, ...found.filter((one) => !known.has(one.id))];
    figures.value = page;
    problem.value = null;
    if (page.state !== "current") setTimeout(() => isHere(key) && loadQueue(), AGAIN_MS);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    problem.value = error;
  }
}

/** Goes to another group. @param {number} step */
export function move(step) {
  const at = current.value ? queue.value.indexOf(current.value) + step : 0;
  const next = queue.value[Math.min(at, queue.value.length - 1)];
  if (at < 0 || !next) return;
  later.value = false;
  go({ group: next.id }, { replace: Boolean(place.peek().group) || !narrow.peek() });
  if (at + AHEAD > queue.value.length) void loadQueue({ more: true });
}

/** @param {number} by */
const count = (by) => (figures.value = { ...figures.value, total: Math.max(0, figures.value.total + by) });

/** Whether this queue is on the screen. @param {string} key */
const isHere = (key) => key === asked && place.peek().view === "duplicates";

/** @param {Group} group @param {number} at @param {string} key of the queue that it came from */
function putBack(group, at, key) {
  decided.delete(group.id);
  if (key !== asked) return;
  queue.value = queue.value.filter((one) => one.id !== group.id).toSpliced(at, 0, group);
  count(1);
  // Who has gone elsewhere meanwhile is not called back.
  if (isHere(key)) go({ group: group.id }, { replace: true });
}

/** @param {Group} group @param {Contact[]} contacts @returns {Group} the group with these for its own */
const withContacts = (group, contacts) => ({
  ...group,
  members: group.members.map((one) => ({ ...one, contact: contacts.find((contact) => contact.id === one.id) ?? one.contact })),
});

/**
 * Takes over what a decision has made of contacts that are in other entries as well.
 * @param {Contact[]} contacts @param {string[]} [gone]
 */
function renew(contacts, gone = []) {
  queue.value = queue.value.map((one) => withContacts(one, contacts)).filter((one) => !one.members.some(({ id }) => gone.includes(id)));
}

/** @param {Problem} error @param {Group} group @param {number} at @param {string} key */
async function refused(error, group, at, key) {
  let back = group;
  let text = problemText(error);
  if ([404, 409, 412].includes(error.status) && error.code !== "delete_blocked") {
    try {
      const now = await Promise.all(group.members.map(async (one) => (await findContact(one.id)).contact));
      if (now.some((contact, index) => contact.id !== group.members[index].id)) throw new Problem(404, {});
      back = { ...withContacts(group, now), was: Object.fromEntries(group.members.map((one) => [one.id, one.contact])) };
      if (error.status === 412) text = t("Somebody changed them meanwhile. Nothing was merged: look at what is new and decide again.");
    } catch {
      decided.delete(group.id);
      toast(t("Somebody else has merged or deleted one of them meanwhile, so there is nothing left to decide."), { bad: true });
      return;
    }
  }
  putBack(back, at, key);
  toast(isHere(key) ? text : `${group.members[0].contact.display_name}: ${text}`, { bad: true });
}

/**
 * Takes a group away at once, does what was decided, and offers to take it back.
 * @param {Group} group @param {string} text
 * @param {() => Promise<() => Promise<Contact[]>>} decide answers how to undo it
 */
async function take(group, text, decide) {
  const at = queue.value.indexOf(group);
  const key = asked;
  decided.add(group.id);
  queue.value = queue.value.filter((one) => one !== group);
  later.value = false;
  count(-1);
  go({ group: queue.value[Math.min(at, queue.value.length - 1)]?.id ?? "" }, { replace: true });
  if (at + AHEAD > queue.value.length) void loadQueue({ more: true });
  try {
    const undo = await decide();
    offerUndo(text, async () => {
      try {
        const back = await undo();
        renew(back);
        putBack(withContacts(group, back), at, key);
        // The queue may be another one by now, that of the contact they were merged into.
        if (key !== asked && place.peek().view === "duplicates") void loadQueue({ anew: true });
        toast(t("Taken back."));
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        toast(error.code === "undo_conflict" ? t("Somebody changed the contact since. Undo it on its card, under Duplicates, where you can say whose the change is.") : problemText(error), { bad: true });
      }
      if (answered.peek() !== null) void refresh();
    });
    if (answered.peek() !== null) void refresh();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    await refused(error, group, at, key);
  }
}

export function mergeNow() {
  const body = request.value;
  const { group, members, out } = plan.value ?? {};
  if (!body || !group || !members) return;
  const kept = members.find((one) => one.id === body.primary)?.contact.display_name;
  void take(group, t("{0} contacts are one now: {1}.", members.length, kept), async () => {
    const { merge_id, contact: merged } = await mergeContacts(body);
    group.members.forEach((one) => forget(one.id));
    renew([merged], body.others);
    // Who came from a card that is gone now goes on with the one that it went into.
    if (body.others.includes(place.peek().contact ?? "")) go({ contact: body.primary }, { replace: true });
    if (out?.length) {
      decided.delete(group.id);
      choice.value = { group: "", primary: "", out: [], fields: {} };
    }
    // What is left over comes back as an entry of its own.
    if (out?.length || place.peek().contact) void loadQueue();
    return async () => {
      const { contact, restored } = await undoMerge(/** @type {string} */ (merge_id));
      group.members.forEach((one) => forget(one.id));
      return [contact, ...restored];
    };
  });
}

/** @param {"not_duplicate"|"later"} verdict @param {string} said @param {string} [until] */
export function dismissNow(verdict, said, until) {
  const group = current.value;
  const ids = group?.members.map((one) => one.id) ?? [];
  if (group) void take(group, said, async () => {
    await dismissDuplicates({ ids, verdict, until });
    return async () => {
      await Promise.all(ids.flatMap((one, at) => ids.slice(at + 1).map((other) => withdrawDismissal([one, other]))));
      return [];
    };
  });
}
