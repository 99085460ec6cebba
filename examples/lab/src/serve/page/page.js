// Draws what /live tells into rows that stay where they are, so that nobody loses the focus or an open row.

const EVERY_MS = 500;
const SPAN_SECONDS = 120;
const MOST_CHANGES = 30;
// What is read aloud comes seldom, and is short: who listens also wants to read.
const ANNOUNCE_MS = 10000;
const MOST_ANNOUNCED = 3;
// How often a timeline moves for those who want to see little motion.
const CALM_SECONDS = 30;

const NAMES = {
  closed: "closed", open: "open", half_open: "half-open",
  forced_open: "forced open", disabled: "disabled", observe: "observed",
};
const MODES = { accept: "answers", refuse: "refuses connections", hang: "accepts connections and never answers" };
const HEIGHTS = { closed: 5, half_open: 13, open: 20, forced_open: 20 };

const byId = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const rows = new Map();
// All changes that /live tells of, and how each is worded: it keeps its words, and so its place under a reader's cursor.
let told = new Map();
// The latest that is to be read aloud of each peer.
const unsaid = new Map();
let announced = 0;
let paused = false;

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

// One element for each key, in this order. Those that are there already stay, so that nobody who reads them loses the place.
function fill(list, items) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map(({ key, make }) => {
    const item = before.get(key) ?? make();
    item.dataset.key = key;
    return item;
  });
  for (const child of [...list.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((item, at) => {
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
  });
}

const seconds = (number) => `${number.toFixed(number < 10 ? 1 : 0)} s`;

// The trace's time of a record, whose moment is the wall clock's.
function traceTime(live, record) {
  return live.trace_seconds - (Date.parse(live.now) - Date.parse(record.at)) / 1000 * live.speed;
}

// One state after the other from `SPAN_SECONDS` ago, as far as it is remembered, until now.
function spans(live, peer) {
  const begin = live.trace_seconds - SPAN_SECONDS;
  const found = [];
  let end = live.trace_seconds;
  for (const record of peer.records.toReversed()) {
    const at = Math.max(traceTime(live, record), begin);
    found.unshift({ state: record.to, from: at, to: end });
    end = at;
  }
  const first = peer.records.length ? peer.records[0].from : peer.state;
  found.unshift({ state: first, from: Math.max(begin, 0), to: end });
  return found.filter((span) => span.to > begin);
}

function drawTimeline(svg, live, peer) {
  const begin = live.trace_seconds - SPAN_SECONDS;
  const found = spans(live, peer);
  const scale = 1000 / SPAN_SECONDS;
  let drawn = 0;
  while (svg.childElementCount > found.length) svg.lastElementChild.remove();
  found.forEach((span, index) => {
    const rect = svg.children[index] ?? svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "rect"));
    const height = HEIGHTS[span.state] ?? 9;
    const from = Math.max((span.from - begin) * scale, drawn);
    // A probe takes a moment, and is to be seen: what follows begins later.
    drawn = Math.max((span.to - begin) * scale, span.state === "half_open" ? from + 8 : from);
    rect.dataset.state = span.state;
    rect.setAttribute("x", from.toFixed(1));
    rect.setAttribute("y", 20 - height);
    rect.setAttribute("width", (drawn - from).toFixed(1));
    rect.setAttribute("height", height);
  });
  const open = found.filter((span) => span.state === "open").reduce((sum, span) => sum + span.to - span.from, 0);
  svg.setAttribute("aria-label", `open for ${Math.round(open)} of the last ${SPAN_SECONDS} seconds`);
}

const keyOf = (peer, record) => `${peer.circuit} ${record.at} ${record.from} ${record.to}`;

function change(live, peer, record) {
  return told.get(keyOf(peer, record)) ?? `${traceTime(live, record).toFixed(1)} s: ${NAMES[record.from]} to ${NAMES[record.to]}, ${record.because}`;
}

function nextProbe(peer) {
  if (peer.state === "half_open") return "under way";
  if (peer.state === "closed") return "none needed";
  if (peer.state !== "open") return "none, set by hand";
  return peer.retry_after_seconds ? `in ${Math.ceil(peer.retry_after_seconds)} s` : "with the next call";
}

class Row {
  constructor(peer, index) {
    const body = byId("circuit").content.firstElementChild.cloneNode(true);
    const name = peer.circuit;
    this.find = (selector) => body.querySelector(selector);
    this.circuit = this.find(".circuit");
    this.circuit.dataset.peer = name;
    this.button = this.find(".name");
    this.button.textContent = name;
    this.more = this.find(".more");
    this.more.id = `more-${index}`;
    this.more.dataset.more = name;
    this.button.setAttribute("aria-controls", this.more.id);
    this.button.addEventListener("click", () => this.toggle());
    this.find(".json").href = `circuits/${encodeURIComponent(peer.set)}/${encodeURIComponent(name)}`;
    byId("circuits").append(body);
  }

  toggle() {
    this.more.hidden = !this.more.hidden;
    this.button.setAttribute("aria-expanded", String(!this.more.hidden));
    this.drawMore();
  }

  draw(live, peer) {
    this.latest = { live, peer };
    const { calls, failures } = peer.tally;
    const last = peer.records.at(-1);
    this.circuit.dataset.state = peer.state;
    const state = this.find(".state");
    state.dataset.state = peer.state;
    say(state, NAMES[peer.state]);
    const moved = live.trace_seconds - (this.moved ?? -Infinity);
    if (!calm.matches || moved >= CALM_SECONDS || this.shown !== peer.state) {
      drawTimeline(this.find(".timeline"), live, peer);
      this.moved = live.trace_seconds;
      this.shown = peer.state;
    }
    this.find("meter").value = calls ? failures / calls : 0;
    say(this.find(".rate"), calls ? `${Math.round(failures / calls * 100)} % of ${calls}` : "no calls yet");
    say(this.find(".probe"), nextProbe(peer));
    say(this.find(".cause"), last ? last.because : "nothing happened yet");
    say(this.find(".success"), peer.calls_total.success.toLocaleString());
    say(this.find(".failure"), peer.calls_total.failure.toLocaleString());
    const { open, half_open_full: full, forced_open: forced } = peer.rejections_total;
    say(this.find(".rejected"), (open + full + forced).toLocaleString());
    this.drawMore();
  }

  drawMore() {
    if (this.more.hidden || !this.latest) return;
    const { live, peer } = this.latest;
    const { calls_total: calls, rejections_total: rejections, client } = peer;
    const pairs = [
      ["The peer now", MODES[peer.mode]],
      ["Answered", calls.success],
      ["Failed", calls.failure],
      ["Rejected while open", rejections.open],
      ["Rejected while a probe was under way", rejections.half_open_full],
      ["The client saw", `${client.refused} refused, ${client.timed_out} not answered, ${client.broken_off} broken off`],
      ["Trips and recoveries", `${client.trips} and ${client.recoveries}`],
      ...(peer.would_reject === null ? [] : [["Stricter rules on trial would have rejected", peer.would_reject]]),
      ...Object.entries(peer.state_seconds_total)
        .filter(([, time]) => time > 0)
        .map(([state, time]) => [`Time ${NAMES[state]}`, seconds(time)]),
    ];
    say(this.find(".explanation"), peer.explanation);
    const list = this.find("dl");
    fill(list, pairs.map(([term]) => ({
      key: term,
      make: () => {
        const pair = document.createElement("div");
        pair.append(element("dt", term), element("dd", ""));
        return pair;
      },
    })));
    pairs.forEach(([, value], at) => say(list.children[at].lastElementChild, value.toLocaleString()));
    fill(this.find(".records"), peer.records.slice(-10).reverse().map((record) => ({
      key: keyOf(peer, record),
      make: () => element("li", change(live, peer, record)),
    })));
  }
}

function drawChanges(live) {
  // Of two within a millisecond the later one stays first.
  const all = live.peers.flatMap((peer) => peer.records.map((record) => ({ peer, record }))).reverse();
  all.sort((one, other) => Date.parse(other.record.at) - Date.parse(one.record.at));
  fill(byId("changes"), all.slice(0, MOST_CHANGES).map(({ peer, record }) => ({
    key: keyOf(peer, record),
    make: () => {
      const item = element("li", `${peer.circuit} at ${change(live, peer, record)}`);
      item.dataset.peer = peer.circuit;
      item.dataset.to = record.to;
      return item;
    },
  })));
}

// Trips and recoveries are read aloud; probes that fail change nothing that somebody has to know at once.
function note(live) {
  const first = rows.size === 0;
  const now = new Map();
  for (const peer of live.peers) {
    for (const record of peer.records) {
      const key = keyOf(peer, record);
      now.set(key, change(live, peer, record));
      if (first || told.has(key)) continue;
      if (record.from === "closed") unsaid.set(peer.circuit, `${peer.circuit} is ${NAMES[record.to]}: ${record.because}.`);
      if (record.to === "closed") unsaid.set(peer.circuit, `${peer.circuit} is closed again.`);
    }
  }
  told = now;
}

function announce(live) {
  if (unsaid.size === 0 || Date.now() - announced < ANNOUNCE_MS) return;
  announced = Date.now();
  const closed = live.peers.filter((peer) => peer.state === "closed").length;
  const many = `${unsaid.size} circuits changed. ${closed} of ${live.peers.length} are closed now.`;
  const news = byId("news");
  news.append(element("p", unsaid.size > MOST_ANNOUNCED ? many : [...unsaid.values()].join(" ")));
  unsaid.clear();
  while (news.childElementCount > 20) news.firstElementChild.remove();
}

function draw(live) {
  note(live);
  const counts = { closed: 0, open: 0, half_open: 0 };
  live.peers.forEach((peer, index) => {
    counts[peer.state] = (counts[peer.state] ?? 0) + 1;
    if (!rows.has(peer.circuit)) rows.set(peer.circuit, new Row(peer, index));
    rows.get(peer.circuit).draw(live, peer);
  });
  const passed = Math.floor(live.trace_seconds);
  say(byId("about"), `${live.peers.length} peers on this machine come and go as in ${live.trace}, ${live.speed} times as `
    + `fast; a client calls them through circuit breakers. ${passed} s of the trace have passed, and all times are its.`);
  say(byId("counts"), Object.entries(counts).map(([state, count]) => `${count} ${NAMES[state]}`).join(", "));
  const trouble = live.peers.length - counts.closed;
  document.title = trouble ? `${trouble} of ${live.peers.length} not closed · fusebox` : "all closed · fusebox";
  drawChanges(live);
  announce(live);
}

async function update() {
  if (!paused) {
    try {
      const response = await fetch("live", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const live = await response.json();
      // The answer may come when somebody has paused.
      if (!paused) {
        draw(live);
        document.body.dataset.connection = "live";
        say(byId("connection"), "Live");
      }
    } catch (error) {
      console.error(error);
      if (!paused) {
        document.body.dataset.connection = "lost";
        // Always the same words: they are read aloud whenever they change.
        say(byId("connection"), "The program does not answer. Trying again.");
      }
    }
  }
  setTimeout(update, EVERY_MS);
}

byId("pause").addEventListener("click", ({ currentTarget }) => {
  paused = !paused;
  currentTarget.setAttribute("aria-pressed", String(paused));
  say(byId("connection"), paused ? "Paused" : "Connecting…");
});

// From one peer to the next, besides Tab.
byId("circuits").addEventListener("keydown", (event) => {
  const buttons = [...byId("circuits").querySelectorAll(".name")];
  const at = buttons.indexOf(event.target);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (at < 0 || !buttons[to]) return;
  event.preventDefault();
  buttons[to].focus();
});

say(byId("span"), `${SPAN_SECONDS} s`);
update();
