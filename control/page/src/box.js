// What the box says, asked for once a second: /api/now, and /api/history and /api/book when they may have changed.
// `names` of a class ([{host, flows, bytes}]) is shown where the box gives it.

const kEvery = 1000;
const kPatience = 4000;
const kKept = 300; // points of a chart: five minutes

async function ask(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(kPatience) });
  if (!answer.ok) throw new Error(answer.status === 401 ? "token" : `HTTP ${answer.status}`);
  return answer.json();
}

// Points of one class: times in seconds, and of each direction what was sent and dropped, in bits a second.
const emptySeries = () => ({ time: [], downSent: [], upSent: [], downDropped: [], upDropped: [] });

function append(series, time, down, up) {
  if (series.time.length > 0 && time <= series.time[series.time.length - 1]) return;
  const last = [time, down[0], up[0], down[1], up[1]];
  [series.time, series.downSent, series.upSent, series.downDropped, series.upDropped].forEach((list, i) => {
    list.push(last[i]);
    if (list.length > kKept) list.shift();
  });
}

function seriesOf(history) {
  const all = {};
  for (const [name, rates] of Object.entries(history.classes)) {
    const series = emptySeries();
    const offset = history.times_ms.length - rates.down.length;
    rates.down.forEach((down, i) => append(series, history.times_ms[offset + i] / 1000, down, rates.up[i]));
    all[name] = series;
  }
  return all;
}

// Calls `show({now, series, book, trouble})` whenever there is news. A box that begins again, or was not seen for a
// while, is asked for its history anew.
export function watch(show) {
  let state = { now: null, series: {}, book: null, trouble: null };
  let asking = false;

  async function look() {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const now = await ask("/api/now");
      const before = state.now;
      const again = !before || state.trouble || before.started_ms !== now.started_ms || now.time_ms - before.time_ms > 5 * kEvery;
      const series = again ? seriesOf(await ask("/api/history")) : state.series;
      const book = !before || before.book.digest !== now.book.digest ? await ask("/api/book") : state.book;
      for (const cls of now.classes) {
        series[cls.name] ??= emptySeries();
        const { down, up } = cls;
        append(series[cls.name], now.time_ms / 1000, [down.now.sent_bps, down.now.dropped_bps],
               [up.now.sent_bps, up.now.dropped_bps]);
      }
      state = { now, series, book, before, trouble: null };
    } catch (error) {
      state = { ...state, trouble: error.message === "token" ? "token" : "silent" };
    }
    asking = false;
    show(state);
  }

  look();
  setInterval(look, kEvery);
  document.addEventListener("visibilitychange", look);
}
