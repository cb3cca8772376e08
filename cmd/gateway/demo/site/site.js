// The demo's website: a page with the widget, and the customers' side of mail and SMS.
const $ = (id) => document.getElementById(id);
const say = (text) => { $("said").textContent = text; };

async function ask(path, body) {
  const answer = await fetch(path, body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

// The widget's snippet: a queue, then the loader.
window.Chat = window.Chat || function () { (window.Chat.q = window.Chat.q || []).push(arguments); };

async function start() {
  const about = await ask("about");
  window.Chat("init", { inbox: about.chat, lang: "auto" });
  const loader = document.createElement("script");
  loader.src = about.loader;
  loader.async = true;
  document.head.append(loader);
  for (const p of about.people) {
    if (p.email) $("mail-from").add(new Option(`${p.name} · ${p.email}`, p.email));
    if (p.phone) $("sms-from").add(new Option(`${p.name} · ${p.phone}`, p.phone));
  }
  $("commands").textContent = about.commands;
  $("console").href = about.console;
  showTraffic(about.traffic);
  signedIn(sessionStorage.getItem("demo-customer") === "1");
  follow();
}

function signedIn(yes) {
  $("who").textContent = yes ? "Ciao, Anna" : "Non hai fatto l’accesso";
  $("sign-in").hidden = yes;
  $("sign-out").hidden = !yes;
  if (yes) window.Chat("identify", async () => (await ask("token", {})).token);
}

$("sign-in").addEventListener("click", () => { sessionStorage.setItem("demo-customer", "1"); signedIn(true); });
$("sign-out").addEventListener("click", () => { sessionStorage.removeItem("demo-customer"); window.Chat("logout"); signedIn(false); });

for (const [form, done] of [["mail", "Mail inviata."], ["sms", "SMS inviato."]]) {
  $(form).addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await ask(form, Object.fromEntries(new FormData(event.target)));
      say(done);
    } catch (error) {
      say("Non è partito: " + error.message);
    }
  });
}

function showTraffic(on) {
  $("traffic").setAttribute("aria-pressed", String(on));
  $("traffic-says").textContent = on ? "Ogni tanto scrive un cliente simulato." : "Nessuno scrive da solo.";
}
$("traffic").addEventListener("click", async () => {
  showTraffic((await ask("traffic", { on: $("traffic").getAttribute("aria-pressed") !== "true" })).on);
});

let shown = "";
async function follow() {
  try {
    const got = await ask("received");
    const now = JSON.stringify(got);
    if (now !== shown) { shown = now; show(got); }
  } catch { /* the gateway restarts: asked again below */ }
  setTimeout(follow, 1500);
}

function show(got) {
  $("got").replaceChildren(...(got.length ? got.map((m) => {
    const box = document.createElement("article");
    const head = document.createElement("header");
    head.textContent = `${m.kind === "sms" ? "SMS" : "Mail"} a ${m.to} · ${new Date(m.at).toLocaleTimeString("it")}${m.subject ? " · " + m.subject : ""}`;
    const text = document.createElement("p");
    text.textContent = m.text;
    box.append(head, text);
    return box;
  }) : [Object.assign(document.createElement("p"), { className: "quiet", textContent: "Ancora nulla." })]));
}

start().catch((error) => say("La dimostrazione non risponde: " + error.message));
