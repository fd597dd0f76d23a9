import "uplot/dist/uPlot.min.css";
import "./page.css";
import { render } from "preact";
import { watch } from "./box.js";
import { Book } from "./book.jsx";
import { Classes } from "./classes.jsx";
import { bytes, count, milliseconds, packets, percent, rate, span } from "./format.js";

const kReasons = {
  police: "over the limit (police)", over_burst: "longer than the burst", lose: "lost at random", drop: "dropped by rule",
  reset: "reset by rule", allow: "over the budget (allow)", queue_full: "queue full", held_full: "too much held in all",
  cannot_rewrite: "could not be rewritten", fragment_limit: "too many fragments", fragment_timeout: "fragments missing",
  tx_full: "port too slow", spread_full: "other worker too slow", tap: "came in on a tap",
};

// What went by since the look before, a second.
function perSecond(now, before, value) {
  if (!before || before.started_ms !== now.started_ms || now.time_ms <= before.time_ms) return 0;
  return Math.max(0, (value(now) - value(before)) * 1000 / (now.time_ms - before.time_ms));
}

function Tile({ name, value, more }) {
  return <div class="tile"><span class="quiet">{name}</span><strong data-tile={name}>{value}</strong><span class="quiet">{more}</span></div>;
}

function Tiles({ now, before }) {
  const each = (value) => perSecond(now, before, value);
  const dropped = (state) => state.drops.reduce((sum, drop) => sum + drop.bytes, 0);
  const longest = now.workers.reduce((most, worker) => Math.max(most, worker.longest_turn_us), 0);
  const busiest = now.workers.reduce((most, worker) => Math.max(most, worker.load), 0);
  return (
    <div class="tiles">
      <Tile name="received" value={rate(8 * each((s) => s.packets.received_bytes))} more={packets(each((s) => s.packets.received))} />
      <Tile name="sent" value={rate(8 * each((s) => s.packets.sent_bytes))} more={packets(each((s) => s.packets.sent))} />
      <Tile name="dropped" value={rate(8 * each(dropped))} more={`${bytes(dropped(now))} in all`} />
      <Tile name="held" value={bytes(now.packets.held_bytes)} more={`${count(now.packets.held)} packets`} />
      <Tile name="flows" value={count(now.flows.now)} more={`${count(Math.round(each((s) => s.flows.begun)))} new a second`} />
      <Tile name="busiest worker" value={percent(busiest)} more={`longest turn ${milliseconds(longest)}`} />
    </div>
  );
}

function Bar({ share, hot }) {
  return <span class="bar"><span class={hot ? "fill hot" : "fill"} style={{ width: `${Math.min(100, 100 * share)}%` }} /></span>;
}

function Drops({ now, before }) {
  const most = Math.max(1, ...now.drops.map((drop) => drop.packets));
  const rateOf = (reason) => perSecond(now, before, (s) => s.drops.find((drop) => drop.reason === reason)?.packets ?? 0);
  const ordered = [...now.drops].sort((one, other) => other.packets - one.packets);
  return (
    <section class="card" aria-label="Drops">
      <h2>Drops by reason</h2>
      {ordered.length === 0 && <p class="quiet">Nothing was dropped.</p>}
      {ordered.map((drop) => (
        <div class="row" key={drop.reason} data-drop={drop.reason}>
          <span>{kReasons[drop.reason] ?? drop.reason}</span>
          <Bar share={drop.packets / most} />
          <span class="number">{count(drop.packets)} <small class="quiet">{packets(rateOf(drop.reason))} now</small></span>
        </div>
      ))}
    </section>
  );
}

function Workers({ now }) {
  return (
    <section class="card" aria-label="Workers">
      <h2>Workers</h2>
      {now.workers.map((worker) => (
        <div class="row" key={worker.worker} data-worker={worker.worker}>
          <span>worker {worker.worker} <small class="quiet">core {worker.core}</small></span>
          <Bar share={worker.load} hot={worker.load > 0.8} />
          <span class="number">{percent(worker.load)} <small class="quiet">{packets(worker.received_pps)}</small></span>
        </div>
      ))}
    </section>
  );
}

function Ports({ now, before }) {
  const rateOf = (name, member) => rate(8 * perSecond(now, before, (s) => s.ports.find((port) => port.name === name)?.[member] ?? 0));
  return (
    <section class="card" aria-label="Ports">
      <h2>Ports</h2>
      <div class="wide">
        <table>
          <thead><tr><th>port</th><th>link</th><th>receives</th><th>sends</th><th>missed</th></tr></thead>
          <tbody>
            {now.ports.map((port) => (
              <tr key={port.name}>
                <td>{port.name} <small class="quiet">{port.device || port.kind}</small></td>
                <td class={port.link === "up" ? "" : "bad"}>{port.link}</td>
                <td>{rateOf(port.name, "received_bytes")}</td>
                <td>{rateOf(port.name, "sent_bytes")}</td>
                <td class={port.missed > 0 ? "bad" : ""}>{count(port.missed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Head({ now, trouble }) {
  const state = trouble ? "no answer" : now.state;
  return (
    <header class="head">
      <div>
        <h1>{now.appliance}</h1>
        <p class="quiet">
          <span class={`state is-${trouble ? "silent" : now.state}`} data-state>{state}</span> for {span(now.time_ms - now.started_ms)}
          {now.bench && " · a bench"}
        </p>
      </div>
      <p class="quiet which">book <b>{now.book.name}</b>, {count(now.book.rules)} rules<br /><code title={now.book.digest}>{now.book.digest.slice(0, 16)}</code></p>
    </header>
  );
}

function Troubles({ now, trouble }) {
  const silent = trouble === "silent" && "The box does not answer. These are the last figures; the page goes on by itself when it is back.";
  const token = trouble === "token" && "The box asks for its token: open this page once more with ?token=….";
  const all = [silent, token, ...now.degraded].filter(Boolean);
  if (all.length === 0) return null;
  return <ul class="troubles" aria-label="What is not as it should be">{all.map((text) => <li key={text}>{text}</li>)}</ul>;
}

function Page({ now, before, series, book, trouble }) {
  if (!now) return <p class="waiting">{trouble === "token" ? "The box asks for its token: open this page with ?token=…." : trouble ? "The box does not answer yet. Trying again…" : "Asking the box…"}</p>;
  return (
    <main class={trouble ? "stale" : ""}>
      <Head now={now} trouble={trouble} />
      <Troubles now={now} trouble={trouble} />
      <Tiles now={now} before={before} />
      <Classes now={now} series={series} />
      <div class="grid">
        <Drops now={now} before={before} />
        <Workers now={now} />
        <Ports now={now} before={before} />
      </div>
      <Book now={now} book={book} />
      <footer class="quiet">slowlane {now.version} · <a href="/notice">what this box does</a> · <a href="/metrics">metrics</a> · records of flows: {count(now.records.written)} written, {count(now.records.lost)} lost</footer>
    </main>
  );
}

const place = document.getElementById("page");
watch((state) => {
  document.title = state.now ? `${state.now.appliance} · slowlane` : "slowlane";
  if (place.querySelector(".waiting") && state.now) place.replaceChildren();
  render(<Page {...state} />, place);
});
