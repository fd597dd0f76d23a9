import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { shortRate } from "./format.js";

const kWindows = [30, 60, 120]; // seconds that may be seen: the least that shows all there is
const kHeight = 150;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const windowOf = (first, last) => kWindows.find((span) => span >= last - first) ?? kWindows.at(-1);

// Ticks three or four to a window, counted back from now.
function ticksOf(plot) {
  const { min, max } = plot.scales.x;
  const span = Math.round(max - min);
  const step = span / (span === 120 ? 4 : 3);
  return Array.from({ length: Math.round(span / step) + 1 }, (_, i) => min + i * step);
}

// The configured rate as a line across the plot, where it is within sight.
function limitLine(limit) {
  return {
    hooks: {
      draw: (plot) => {
        if (!limit.current) return;
        const y = plot.valToPos(limit.current.bps, "y", true);
        const { left, top, width, height } = plot.bbox;
        if (y < top || y > top + height) return;
        const { ctx } = plot;
        ctx.save();
        ctx.strokeStyle = colour("--limit");
        ctx.lineWidth = 1.5 * devicePixelRatio;
        ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
        ctx.beginPath();
        ctx.moveTo(left, y);
        ctx.lineTo(left + width, y);
        ctx.stroke();
        ctx.restore();
      },
    },
  };
}

function options(width, limit) {
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const line = (name, fill) => ({ stroke: colour(name), width: 1.75, points: { show: false }, ...(fill ? { fill: colour(fill) } : {}) });
  return {
    width,
    height: kHeight,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 18, 0, 0],
    scales: {
      x: { time: true, range: (plot, min, max) => [max - windowOf(min, max), max] },
      y: { range: (plot, min, max) => [0, Math.max(max * 1.1, (limit.current?.scale ?? 0) * 1.15, 1000)] },
    },
    axes: [
      { ...axis, size: 24, space: 60, values: (plot, ticks) => ticks.map((t) => { const back = Math.round(plot.scales.x.max - t); return back <= 0 ? "now" : `−${back} s`; }), splits: ticksOf },
      { ...axis, size: 72, space: 36, values: (plot, ticks) => ticks.map(shortRate) },
    ],
    series: [{}, line("--down", "--down-fill"), line("--up"), line("--dropped")],
    plugins: [limitLine(limit)],
  };
}

// Sent down and up and dropped in both, over the last two minutes at most. `limit`: {bps, scale}: where the line is, and how far
// the plot reaches at least to show it; null: none.
export function Chart({ series, limit, label }) {
  const place = useRef(null);
  const plot = useRef(null);
  const line = useRef(limit);
  line.current = limit;

  useEffect(() => {
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(place.current.clientWidth, line), [[], [], [], []], place.current);
    };
    make();
    const sizes = new ResizeObserver(() => plot.current.setSize({ width: place.current.clientWidth, height: kHeight }));
    sizes.observe(place.current);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", make);
    return () => {
      sizes.disconnect();
      scheme.removeEventListener("change", make);
      plot.current.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => {
    if (!series) return;
    const dropped = series.downDropped.map((down, i) => down + series.upDropped[i]);
    plot.current.setData([series.time, series.downSent, series.upSent, dropped]);
  });

  return <div class="chart" role="img" aria-label={label} ref={place} />;
}
