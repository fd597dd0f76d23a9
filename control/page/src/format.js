// How numbers are printed for people: three digits that count, as `slowlane ctl` prints them.

function threeDigits(value) {
  if (value < 9.995) return value.toFixed(2);
  if (value < 99.95) return value.toFixed(1);
  return value.toFixed(0);
}

function scaled(value, units) {
  let unit = 0;
  while (value >= 999.5 && unit + 1 < units.length) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : threeDigits(value)} ${units[unit]}`;
}

export const rate = (bps) => scaled(bps, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"]);
// For axes, whose numbers are round: 500 kbit/s, 1.5 Mbit/s.
export const shortRate = (bps) => rate(bps).replace(/\.0+ /, " ").replace(/(\.\d*[1-9])0+ /, "$1 ");
export const bytes = (count) => scaled(count, ["B", "kB", "MB", "GB", "TB"]);
export const packets = (perSecond) => scaled(perSecond, ["pkt/s", "kpkt/s", "Mpkt/s"]);
export const milliseconds = (us) => `${us < 100 ? (us / 1000).toFixed(2) : threeDigits(us / 1000)} ms`;
export const count = (value) => value.toLocaleString("en-US");
export const percent = (share) => `${share > 0 && share < 0.095 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`;

export function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} days`;
}
