// @ts-check
// What telephones and address books are given: addresses to copy, the template of 3CX, and a call to
// try it with.

import { html, useState } from "../dom.js";
import { copy } from "../state/card.js";
import { me } from "../state/me.js";
import { go, goPage } from "../state/url.js";
import { t } from "../text/say.js";

/** @type {[string, string][]} */
const MAKERS = [["yealink", "Yealink"], ["snom-tbook", t("Snom, firmware 10.1.178 and later")], ["snom", t("Snom, older")], ["grandstream", t("Grandstream GXP16xx to 21xx")], ["grandstream-v2", t("Grandstream GXP2200, GXV, GRP")], ["fanvil", "Fanvil"], ["cisco", "Cisco"], ["polycom", "Polycom"]];

/** What an organisation is called in LDAP: small letters and digits, with - for the rest. @param {string} name */
const dc = (name) => name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "default";

/** @param {{label: string, text: string}} props */
const Copied = ({ label, text }) => html`<div class="copied"><pre tabindex="0" role="region" aria-label=${label}><code>${text}</code></pre><button type="button" class="button" aria-label=${t("Copy: {0}", label)} onClick=${() => copy(text)}>${t("Copy")}</button></div>`;

export function Telephones() {
  const [maker, setMaker] = useState("yealink");
  const [number, setNumber] = useState("");
  const { origin, hostname } = location;
  const book = maker === "grandstream" ? `${origin}/phonebook/grandstream/TOKEN` : `${origin}/phonebook/${maker}.xml?token=TOKEN${maker === "yealink" ? "&q=#SEARCH" : ""}`;
  const token = () => goPage("settings", { rest: "tokens", more: { open: "new" } });
  return html`<section class="page-main" aria-label=${t("Telephones")} data-test="telephones"><div class="page-head"><h1>${t("Telephones")}</h1><span class="push"><button type="button" class="button" onClick=${token} data-test="to-token">${t("New token")}</button></span></div>
    <div class="scroll" role="region" tabindex="0" aria-label=${t("What telephones are given")}>
    <p>${t("A telephone system needs a token; put it where TOKEN stands. The role “lookup” is enough for names of callers and phone books. Say yes to “In addresses” if it stands in the address, since most phones can send no headers.")}</p>
    <form class="part" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); if (number.trim()) go({ view: "pop", number: number.trim() }); }}><h2>${t("Page of a caller")}</h2>
      <p class="quiet-text">${t("A softphone or web client opens it at each call.")}</p><${Copied} label=${t("Address of the page of a caller")} text=${`${origin}/pop?number={number}`} />
      <p class="bulk-line"><input class="editor" type="tel" aria-label=${t("Number to try")} placeholder="+1 202 555 0123" value=${number} onInput=${(/** @type {any} */ event) => setNumber(event.target.value)} data-test="try-number" /><button class="button" disabled=${!number.trim()} data-test="try-call">${t("Try a call")}</button></p></form>
    <div class="part"><h2>${t("Name of a caller: Asterisk, FreePBX, FreeSWITCH")}</h2><p class="quiet-text">${t("The answer is the name, one line; nobody is an empty answer.")}</p>
      <${Copied} label=${t("Address for the name of a caller")} text=${`${origin}/cid?number=NUMBER&key=TOKEN`} />
      <${Copied} label=${t("Line for Asterisk")} text=${`Set(NAME=\${CURL(${origin}/cid/\${URIENCODE(\${CALLERID(num)})}?key=TOKEN)})`} /></div>
    <div class="part" data-test="three-cx"><h2>${t("3CX")}</h2><p class="quiet-text">${t("Make a token of the role “machine” that may look numbers up, read phone books and report calls, fetch the template with it, and upload that in 3CX: Settings, Integrations, CRM, Server side, Add. The template holds the token.")}</p>
      <${Copied} label=${t("Command that fetches the template")} text=${`curl -o ringdex-3cx.xml ${origin}/integrations/3cx/template.xml -H "Authorization: Bearer TOKEN"`} /></div>
    <div class="part"><h2>${t("Phone books")}</h2><span class="bulk-line"><select class="editor" aria-label=${t("Maker")} onChange=${(/** @type {any} */ event) => setMaker(event.target.value)} data-test="maker">${MAKERS.map(([value, text]) => html`<option value=${value} selected=${value === maker}>${text}</option>`)}</select></span>
      <${Copied} label=${t("Address of the phone book")} text=${book} />${maker === "polycom" ? html`<p class="note">${t("Fetch it into the provisioning folder as 000000000000-directory.xml.")}</p>` : null}</div>
    <div class="part"><h2>${t("CardDAV")}</h2><p class="quiet-text">${t("For iPhones, Macs, DAVx5 and Thunderbird: any user name, and a token as the password. Give each person or device one of its own, with “create and change contacts” or only “read contacts”.")}</p>
      <${Copied} label=${t("Address of the address book")} text=${`${origin}/dav/`} /></div>
    <div class="part"><h2>${t("LDAP")}</h2><p class="quiet-text">${t("For phones that search a directory; it is only read. Who runs the server starts it with")} <code>${t("--ldaps-listen")}</code>${t(", or with")} <code>${t("--ldap-listen")}</code> ${t("for a network of your own. The name to bind with may be any; the password is a token.")}</p>
      <${Copied} label=${t("Server")} text=${`ldaps://${hostname}:6360`} /><${Copied} label=${t("Base")} text=${`ou=contacts,dc=${dc(me.value?.organization ?? "")}`} /></div>
    </div></section>`;
}
