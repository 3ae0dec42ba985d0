// @ts-check
// More kinds of facts of a card: a choice among values, names on other services, the company that
// somebody is linked with.

import { html } from "../dom.js";
import { label as labelOf } from "../text/words.js";
import { Field } from "./field.js";
import { say, t } from "../text/say.js";

/** @typedef {import("../api.js").Contact} Contact */

/** @param {string} value */
const orNull = (value) => value.trim() || null;

/**
 * One of several values. What the record has is offered even if it is none of them.
 * @param {{contact: Contact, path: string, label: string, options: [string, string][], none?: string, say?: (value: any) => string, to?: (text: string) => any, value?: string}} props
 */
export function ChoiceField({ contact, path, label, options, none = "–", say = String, to = orNull, value }) {
  const now = value ?? String(contact[path] ?? "");
  const known = !now || options.some(([one]) => one === now);
  const choices = [{ value: "", text: none }, ...(known ? [] : [{ value: now, text: say(contact[path]) }]), ...options.map(([one, text]) => ({ value: one, text }))];
  return html`<${Field} id=${contact.id} path=${path} label=${label} inputs=${[{ key: path, label, type: "select", options: choices }]} values=${{ [path]: now }}
    patch=${(/** @type {any} */ values) => ({ [path]: to(values[path]) })} text=${(/** @type {Contact} */ one) => say(one[path] ?? "")} show=${now ? say(contact[path]) : ""} />`;
}

export const CHANNELS = ["whatsapp", "sms", "telegram", "signal", "messenger", "instagram", "viber", "webchat", "skype"];
const SITES = ["linkedin", "x", "facebook", "instagram", "xing", "github", "youtube"];

/** What somebody is called on a channel. @param {{contact: Contact, index: number}} props */
export function ChannelField({ contact, index }) {
  const channels = contact.channels ?? [];
  const one = channels[index] ?? { channel: "", identifier: "" };
  const patch = (/** @type {any} */ values) => {
    const next = channels.slice();
    const identifier = values.identifier.trim();
    if (identifier || values.channel.trim()) next[index] = { ...one, channel: values.channel.trim(), identifier };
    if (!identifier) next.splice(index, 1);
    return { channels: next };
  };
  return html`<${Field} id=${contact.id} path=${`channels/${index}`} label=${one.channel ? labelOf(one.channel) : t("Channel")}
    inputs=${[{ key: "channel", label: t("Channel"), list: CHANNELS, width: "short" }, { key: "identifier", label: t("Name or number there") }]} values=${{ channel: one.channel, identifier: one.identifier }}
    patch=${patch} text=${(/** @type {Contact} */ now) => (now.channels ?? []).map((/** @type {any} */ each) => `${each.channel} ${each.identifier}`).join(", ")} show=${one.identifier} />`;
}

/** A profile on a site; without a site it is a new one. @param {{contact: Contact, site?: string}} props */
export function ProfileField({ contact, site = "" }) {
  const now = contact.social_profiles?.[site] ?? "";
  const patch = (/** @type {any} */ values) => {
    const name = (site || values.site).trim();
    return { social_profiles: { ...contact.social_profiles, [name]: orNull(values.profile) } };
  };
  const inputs = [...(site ? [] : [{ key: "site", label: t("Site"), list: SITES, width: /** @type {const} */ ("short") }]), { key: "profile", label: t("Address or name there") }];
  const isAddress = /^https?:\/\//.test(now);
  return html`<${Field} id=${contact.id} path=${site ? `social_profiles/${site}` : "social_profiles"} label=${site ? labelOf(site) : t("Profile")} inputs=${inputs} values=${{ site, profile: now }} patch=${patch}
    text=${(/** @type {Contact} */ one) => Object.entries(one.social_profiles ?? {}).map(([name, profile]) => `${name}: ${profile}`).join(", ")} show=${now}
    after=${isAddress ? html`<span class="acts"><a class="link" href=${now} rel="noreferrer noopener" target="_blank">${t("Open")}</a></span>` : null} />`;
}
