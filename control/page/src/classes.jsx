import { Chart } from "./chart.jsx";
import { bytes, count, percent, rate } from "./format.js";

const kPlotted = 24; // classes that get a plot each; the others have their row
const kForWhom = { flow: "per flow", host: "per host", class: "for the class" };

const moved = (cls) => cls.up.offered_bytes + cls.down.offered_bytes;

function tightest(cls) {
  return cls.limits.reduce((least, one) => (!least || one.rate_bps < least.rate_bps ? one : least), null);
}

// A limit of the whole class is always in sight. One per flow or host is, once the class comes near it.
function lineOf(limit) {
  if (!limit) return null;
  return { bps: limit.rate_bps, scale: limit.scope === "class" ? limit.rate_bps : 0 };
}

function Names({ names }) {
  if (!names || names.length === 0) return null;
  return (
    <ol class="names">
      {names.slice(0, 5).map((one) => (
        <li key={one.host}>
          <span>{one.host}</span> <span class="quiet">{count(one.flows)} flows{one.bytes > 0 && `, ${bytes(one.bytes)} in those that ended`}</span>
        </li>
      ))}
    </ol>
  );
}

function Class({ cls, series }) {
  const limit = tightest(cls);
  const offered = cls.up.now.offered_bps + cls.down.now.offered_bps;
  const dropped = cls.up.now.dropped_bps + cls.down.now.dropped_bps;
  return (
    <article class="card class" data-class={cls.name}>
      <header>
        <h3>{cls.name}</h3>
        <span class="quiet">{cls.name === "pass" ? "nothing is done to it" : cls.does}</span>
      </header>
      <dl class="figures">
        <div class="is-down"><dt>down</dt><dd data-figure="down">{rate(cls.down.now.sent_bps)}</dd></div>
        <div class="is-up"><dt>up</dt><dd data-figure="up">{rate(cls.up.now.sent_bps)}</dd></div>
        <div class="is-dropped"><dt>dropped</dt><dd>{dropped > 0 ? `${rate(dropped)} (${percent(dropped / Math.max(offered, 1))})` : "nothing"}</dd></div>
        {limit && <div class="is-limit"><dt>limit</dt><dd>{rate(limit.rate_bps)} <small>{kForWhom[limit.scope]}</small></dd></div>}
      </dl>
      <Chart series={series} limit={lineOf(limit)} label={`Rates of class ${cls.name} over the last two minutes`} />
      <p class="quiet totals">
        {cls.name !== "pending" && `${count(cls.flows)} flows so far · `}last minute {rate(cls.down.minute.sent_bps)} down, {rate(cls.up.minute.sent_bps)} up ·
        in all {bytes(cls.down.sent_bytes + cls.up.sent_bytes)} sent, {bytes(cls.down.dropped_bytes + cls.up.dropped_bytes)} dropped
      </p>
      <Names names={cls.names} />
    </article>
  );
}

function Silent({ classes }) {
  if (classes.length === 0) return null;
  return (
    <p class="quiet silent">
      Without traffic so far: {classes.map((cls) => <span key={cls.name} title={cls.words}>{cls.name}</span>)}
    </p>
  );
}

// Every class that saw traffic, the built-in ones last; those without are named in a line.
export function Classes({ now, series }) {
  const builtIn = (cls) => cls.name === "pass" || cls.name === "pending";
  const seen = now.classes.filter((cls) => moved(cls) > 0);
  const ordered = [...seen.filter((cls) => !builtIn(cls)), ...seen.filter(builtIn)];
  return (
    <section aria-label="Classes">
      <h2>Throughput of each class</h2>
      {ordered.length === 0 && <p class="quiet">No packet has come yet.</p>}
      <div class="grid">
        {ordered.slice(0, kPlotted).map((cls) => <Class key={cls.name} cls={cls} series={series[cls.name]} />)}
      </div>
      {ordered.length > kPlotted && <p class="quiet">and {ordered.length - kPlotted} more: slowlane ctl classes lists them.</p>}
      <Silent classes={now.classes.filter((cls) => moved(cls) === 0 && !builtIn(cls))} />
    </section>
  );
}
